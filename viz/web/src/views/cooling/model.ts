// What the cooling view shows, gathered from the run: the stages that heat passes, with temperatures, flows and margins.

import { statusOf } from "../../model/look";
import type { Run } from "../../model/run";
import type { Status } from "../../ui/parts";
import type { PlantNode, Subscription } from "../../wire/types";

export interface Unit {
  node: PlantNode;
  status: Status;
  supply: number;
  back: number;
  flow: number;
  load: number;
  power: number;
}

export interface Stage {
  key: "chip" | "plate" | "cdu" | "air" | "loop" | "plant" | "weather";
  units: Unit[];
}

const fields = ["state", "supply_temperature", "return_temperature", "flow", "airflow", "load", "power"];
const unitKinds = ["crah", "in-row", "rear-door", "cdu", "chiller", "tower", "dry-cooler", "pump"];

export function wantedFor(run: Run): Subscription[] {
  const list: Subscription[] = [];
  for (const k of unitKinds) {
    for (const f of fields) list.push({ channel: `${k.replace("-", "_")}.${f}`, level: k, bits: 16 });
  }
  for (const c of ["gpu_temperature", "inlet_temperature", "outlet_temperature", "liquid_temperature", "airflow"])
    list.push({ channel: `rack.${c}`, level: "rack" });
  for (const c of ["class", "dew_point", "relative_humidity", "supply_temperature"])
    list.push({ channel: `hall.${c}`, level: "hall", bits: 16 });
  for (const c of ["weather.dry_bulb", "weather.wet_bulb", "site.cooling_power"])
    list.push({ channel: c, level: "site", bits: 16 });
  return list.filter((s) => run.channel(s.channel)).slice(0, 60);
}

export function unitOf(run: Run, node: PlantNode): Unit {
  const k = node.kind.replace("-", "_");
  const v = (f: string) => (run.channel(`${k}.${f}`) ? run.value(`${k}.${f}`, node.index, node.kind) : Number.NaN);
  const power = v("power");
  const state = run.channel(`${k}.state`) ? statusOf(run, v("state")) : Number.isFinite(power) ? "ok" : "unknown";
  return {
    node,
    status: state === "ok" && power === 0 ? "standby" : state,
    supply: v("supply_temperature"),
    back: v("return_temperature"),
    flow: Number.isFinite(v("flow")) ? v("flow") : v("airflow"),
    load: v("load"),
    power,
  };
}

export function unitsOf(run: Run, kind: string): Unit[] {
  return run.plant.cooling.nodes.filter((n) => n.kind === kind).map((n) => unitOf(run, n));
}

export interface Spread {
  low: number;
  high: number;
  known: number;
  all: number;
  worst: number; // index of the highest
}

/** The range of a rack channel over some racks. */
export function spreadOf(run: Run, channel: string, lo = 0, hi = run.tree.count("rack")): Spread | null {
  if (!run.channel(channel)) return null;
  const values = run.values(channel, "rack");
  let [low, high, known, worst] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1];
  for (let i = lo; i < hi; i++) {
    const v = values?.[i] ?? Number.NaN;
    if (v !== v) continue;
    known++;
    low = Math.min(low, v);
    if (v > high) {
      high = v;
      worst = i;
    }
  }
  if (!known) [low, high] = [Number.NaN, Number.NaN];
  return { low, high, known, all: hi - lo, worst };
}

/** The tightest limits of the site's GPUs. */
export function gpuLimits(run: Run): { target: number; shutdown: number } {
  const min = (f: "gpu_target_c" | "gpu_shutdown_c") =>
    Math.min(...run.plant.racks.map((r) => r[f]).filter((v) => v > 0));
  return { target: min("gpu_target_c"), shutdown: min("gpu_shutdown_c") };
}

export function kindsPresent(run: Run): Set<string> {
  return new Set(run.plant.cooling.nodes.map((n) => n.kind));
}
