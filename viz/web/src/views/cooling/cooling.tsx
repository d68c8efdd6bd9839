export function Cooling() {
  return <p>Cooling</p>;
}
