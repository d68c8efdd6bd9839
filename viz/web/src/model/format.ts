// Numbers as people read them. Values are held in SI; a shown number always has its unit, except plain counts.

export const none = "–";

interface Step {
  from: number; // least magnitude, in SI
  per: number; // SI in one of the unit
  unit: string;
}

// Largest first. The units of a quantity as the command line prints them.
const ladders: Record<string, Step[]> = {
  W: [
    { from: 1e6, per: 1e6, unit: "MW" },
    { from: 1e3, per: 1e3, unit: "kW" },
    { from: 0, per: 1, unit: "W" },
  ],
  J: [
    { from: 3.6e9, per: 3.6e9, unit: "MWh" },
    { from: 3.6e6, per: 3.6e6, unit: "kWh" },
    { from: 1e6, per: 1e6, unit: "MJ" },
    { from: 0, per: 1, unit: "J" },
  ],
  kg: [
    { from: 1e3, per: 1e3, unit: "t" },
    { from: 0, per: 1, unit: "kg" },
  ],
  s: [
    { from: 2 * 86400, per: 86400, unit: "d" },
    { from: 3600, per: 3600, unit: "h" },
    { from: 60, per: 60, unit: "min" },
    { from: 1, per: 1, unit: "s" },
    { from: 0, per: 1e-3, unit: "ms" },
  ],
  h: [
    { from: 1, per: 1, unit: "h" },
    { from: 1 / 60, per: 1 / 60, unit: "min" },
    { from: 0, per: 1 / 3600, unit: "s" },
  ],
  B: [
    { from: 1e15, per: 1e15, unit: "PB" },
    { from: 1e12, per: 1e12, unit: "TB" },
    { from: 1e9, per: 1e9, unit: "GB" },
    { from: 1e6, per: 1e6, unit: "MB" },
    { from: 1e3, per: 1e3, unit: "kB" },
    { from: 0, per: 1, unit: "B" },
  ],
  "B/s": [
    { from: 1e12, per: 1e12, unit: "TB/s" },
    { from: 1e9, per: 1e9, unit: "GB/s" },
    { from: 1e6, per: 1e6, unit: "MB/s" },
    { from: 1e3, per: 1e3, unit: "kB/s" },
    { from: 0, per: 1, unit: "B/s" },
  ],
  "USD/J": [{ from: 0, per: 1 / 3.6e6, unit: "USD/kWh" }],
  "kg/J": [{ from: 0, per: 1e-3 / 3.6e6, unit: "g/kWh" }],
};

const plain: Record<string, string> = { degC: "°C", "m3/s": "m³/s", delta_degC: "K" };

/** The unit in which values up to a magnitude read best, so that all figures of one axis share it. */
export function scaleOf(unit: string, magnitude: number): { per: number; unit: string } {
  const ladder = ladders[unit];
  const m = Math.abs(magnitude);
  const step = ladder?.find((s) => m >= s.from * 0.9995) ?? ladder?.at(-1);
  return step ? { per: step.per, unit: step.unit } : { per: 1, unit: plain[unit] ?? unit };
}

const formats = new Map<string, Intl.NumberFormat>();

function digits(v: number, decimals: number): string {
  const key = String(decimals);
  let f = formats.get(key);
  if (!f) {
    f = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(key, f);
  }
  return f.format(v).replace("-", "\u2212");
}

/** A bare number to `places` significant digits, grouped, with a real minus. */
export function number(v: number | null | undefined, places = 3): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return none;
  if (v === 0) return "0";
  const m = Math.abs(Number(v.toPrecision(places)));
  if (m < 1e-4) return v.toExponential(places - 1).replace("-", "\u2212");
  return digits(v, Math.min(6, Math.max(0, places - 1 - Math.floor(Math.log10(m) + 1e-12))));
}

/** A count: whole where it is whole. */
export function count(v: number | null | undefined): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return none;
  return digits(v, Number.isInteger(v) ? 0 : 1);
}

export interface Shown {
  text: string;
  unit: string;
}

/** Ratios are shares, shown in per cent, or plain factors such as PUE. */
export type Sort = "share" | "factor" | "count";

export function sortOf(channel: string): Sort {
  if (/(^|\.)pue$|slowdown|humidity_ratio/.test(channel)) return "factor";
  if (/^(gpus|jobs|nodes|sites?_down)\.|^outages$|\.trips$|\.gpus$|\.class$|\.state$/.test(channel)) return "count";
  return "share";
}

/** A value of a unit, apart from its unit. */
export function show(v: number | null | undefined, unit: string, sort: Sort = "share", places = 3): Shown {
  if (v === null || v === undefined || !Number.isFinite(v)) return { text: none, unit: "" };
  if (unit === "") {
    if (sort === "count") return { text: count(v), unit: "" };
    if (sort === "factor") return { text: number(v, places), unit: "" };
    return { text: percentDigits(v, places), unit: "%" };
  }
  if (unit === "degC") return { text: digits(v, 1), unit: "°C" };
  const s = v === 0 ? { per: 1, unit: scaleOf(unit, 1).unit } : scaleOf(unit, v);
  return { text: number(v / s.per, places), unit: s.unit };
}

function percentDigits(v: number, places: number): string {
  const p = v * 100;
  if (p === 0 || Math.abs(p) === 100) return digits(p, 0);
  return number(p, p >= 99.5 && p < 100 ? places + 1 : places);
}

/** A value with its unit: "1.05 MW", "23.4 °C", "85.2 %". */
export function text(v: number | null | undefined, unit: string, sort: Sort = "share", places = 3): string {
  const s = show(v, unit, sort, places);
  return s.unit ? `${s.text} ${s.unit}` : s.text;
}

const two = (n: number) => String(n).padStart(2, "0");

/** Time since the start: "12:04:20", "3 d 04:00:00". */
export function clock(t: number, seconds = true): string {
  const whole = Math.max(0, Math.floor(t + 1e-6));
  const d = Math.floor(whole / 86400);
  const h = Math.floor((whole % 86400) / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const hms = `${two(h)}:${two(m)}${seconds ? `:${two(whole % 60)}` : ""}`;
  return d > 0 ? `${d} d ${hms}` : hms;
}

/** A duration in words of one or two units: "4 min 30 s", "2 h". */
export function duration(t: number | null | undefined): string {
  if (t === null || t === undefined || !Number.isFinite(t)) return none;
  const s = Math.abs(t);
  if (s === 0) return "0 s";
  if (s < 1) return text(s, "s");
  const whole = Math.round(s);
  const units: [number, string][] = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const i = units.findIndex(([n]) => whole >= n);
  const [n, u] = units[i]!;
  const rest = units[i + 1];
  const first = Math.floor(whole / n);
  const second = rest ? Math.floor((whole % n) / rest[0]) : 0;
  return second && rest ? `${first} ${u} ${second} ${rest[1]}` : `${first} ${u}`;
}

/** The date and time of day at the site, which the start's own offset gives: "15 Jul 12:04". */
export function siteTime(start: string, t: number, language: string, seconds = false): string {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(start);
  const shift = offset ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60 : 0;
  const at = Date.parse(start);
  if (Number.isNaN(at)) return clock(t, seconds);
  const local = new Date(at + (t + shift) * 1000);
  const day = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  }).format(local);
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  return `${day} ${time}${seconds ? `:${two(local.getUTCSeconds())}` : ""}`;
}

/** Reads "1.2 kW", "35 degC", "80 %", "12:00:00", "2 h 30 min" into SI; null where it cannot be read. */
export function parseDuration(s: string): number | null {
  const colon = /^\s*(?:(\d+)\s*d\s+)?(\d+):(\d\d)(?::(\d\d))?\s*$/.exec(s);
  if (colon) {
    return Number(colon[1] ?? 0) * 86400 + Number(colon[2]) * 3600 + Number(colon[3]) * 60 + Number(colon[4] ?? 0);
  }
  const per: Record<string, number> = { ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400 };
  let total = 0;
  let rest = s.trim();
  if (rest === "") return null;
  while (rest) {
    const m = /^(\d+(?:\.\d+)?)\s*(ms|min|s|h|d)\b\s*/.exec(rest);
    if (!m) return null;
    total += Number(m[1]) * per[m[2]!]!;
    rest = rest.slice(m[0].length);
  }
  return total;
}
