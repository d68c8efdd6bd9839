// Which channel the floor shows, at which level its cells are, and on which range its colours lie.
import type { Palette } from "../../draw/scale";
import { nice } from "../../draw/scale";
import { extent } from "../../model/look";
import type { Run } from "../../model/run";
import type { Channel } from "../../wire/types";
import type { CellKind } from "./texture";

const spatial = ["gpu", "node", "rack", "row", "hall"];
const preferred = ["rack.inlet_temperature", "rack.gpu_temperature", "gpu.temperature", "rack.power", "gpu.power"];

export function metricsOf(run: Run): Channel[] {
  const rank = (c: Channel) => {
    const i = preferred.indexOf(c.name);
    return i < 0 ? 10 + spatial.indexOf(c.kind) : i;
  };
  return run.registry.channels
    .filter((c) => spatial.includes(c.kind) && !c.name.endsWith(".state"))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

export function chosenMetric(run: Run, name: string): Channel | null {
  const list = metricsOf(run);
  return list.find((c) => c.name === name) ?? list[0] ?? null;
}

/** The levels at which a channel can be shown: its own and those above, down to racks. */
export function levelsOf(c: Channel): CellKind[] {
  const at = spatial.indexOf(c.kind);
  return spatial.filter((_, i) => i >= at && (i <= 2 || i === at)) as CellKind[];
}

export function chosenLevel(c: Channel, level: string): CellKind {
  const list = levelsOf(c);
  return list.find((l) => l === level) ?? list[0]!;
}

/** By rack: the row or hall whose value it shows. */
export function indexFor(run: Run, cell: CellKind): Int32Array | null {
  if (cell !== "row" && cell !== "hall") return null;
  return Int32Array.from({ length: run.tree.count("rack") }, (_, i) =>
    run.tree.ancestor({ kind: "rack", index: i }, cell),
  );
}

const widest = new WeakMap<Run, Map<string, [number, number]>>();

/** The range of the colours: the channel's own, else what has been seen, which only widens so that colours hold still. */
export function rangeOf(run: Run, c: Channel, level: string, values: ArrayLike<number> | null): [number, number] {
  if (typeof c.low === "number" && typeof c.high === "number" && level === c.kind) return [c.low, c.high];
  const key = `${c.name}@${level}`;
  const seen = widest.get(run) ?? new Map<string, [number, number]>();
  widest.set(run, seen);
  const have = seen.get(key);
  let [lo, hi] = values ? extent(values) : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (!Number.isFinite(lo)) return have ?? [0, 1];
  if (c.reduce === "sum" && lo > 0) lo = 0;
  if (have && lo >= have[0] && hi <= have[1]) return have;
  if (have) {
    lo = Math.min(lo, have[0]);
    hi = Math.max(hi, have[1]);
  }
  // The first limit is always in sight, so that its distance is.
  for (const x of c.thresholds ?? []) {
    if (x.severity === "warning" && x.above) hi = Math.max(hi, x.at);
  }
  const least = c.unit === "degC" ? 4 : 0;
  if (hi - lo < least) {
    const mid = (hi + lo) / 2;
    [lo, hi] = [mid - least / 2, mid + least / 2];
  }
  const next = nice(lo, hi, 5);
  seen.set(key, next);
  return next;
}

/** How far two runs are apart, and the range around zero on which that lies. */
export function difference(
  a: Float32Array,
  b: Float32Array,
  unit: string,
): { values: Float32Array; range: [number, number] } {
  const n = Math.min(a.length, b.length);
  const values = new Float32Array(n);
  let most = 0;
  for (let i = 0; i < n; i++) {
    const d = b[i]! - a[i]!;
    values[i] = d;
    if (Math.abs(d) > most) most = Math.abs(d);
  }
  const half = nice(0, Math.max(most, unit === "degC" ? 2 : 1e-9), 4)[1];
  return { values, range: [-half, half] };
}

export const paletteKey = "halltwin.palette";
export type { Palette };
