export function Power() {
  return <p>Power</p>;
}
