import { clock } from "../model/format";

/** A time on an axis, short: hours run on for two days, then days count. */
export function hours(x: number): string {
  if (x > 172800) return x % 86400 === 0 ? `${x / 86400} d` : clock(x, false);
  const m = Math.floor((x % 3600) / 60);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(x / 3600))}:${two(m)}${x % 60 ? `:${two(x % 60)}` : ""}`;
}
