// What things are called and how they fare, as every view says it.
import { language, metricName, t, tryT } from "../i18n";
import type { Status } from "../ui/parts";
import type { Channel, Provenance } from "../wire/types";
import { type Sort, sortOf, text } from "./format";
import type { Run } from "./run";
import type { Ref, Tree } from "./tree";

/** The name of a thing for people: "Rack 7", or its own name. */
export function title(tree: Tree, ref: Ref): string {
  if (ref.kind === "site") return tree.name || t("kind.site");
  const part = tree.part(ref);
  const m = /^(.*)-(\d+)$/.exec(part);
  if (m && m[1] === ref.kind) {
    const kind = tryT(`kind.${ref.kind}`, ref.kind);
    return language.value === "zh" ? `${kind} ${m[2]}` : `${kind} ${m[2]}`;
  }
  return part;
}

export const kindName = (kind: string) => tryT(`kind.${kind}`, kind);
export const kindsName = (kind: string) => tryT(`kinds.${kind}`, kindName(kind));
export const provenance = (p: Provenance) => tryT(`provenance.${p}`, p);

export function shown(c: Channel, v: number | null | undefined, places = 3): string {
  return text(v, c.unit, sortOf(c.name), places);
}

export const channelSort = (c: Channel): Sort => sortOf(c.name);
export const channelTitle = (c: Channel) => metricName(c.name);

const byName: Record<string, Status> = {
  works: "ok",
  "standing by": "standby",
  "on battery": "battery",
  "without power": "off",
  ok: "ok",
  running: "ok",
  closed: "ok",
  standby: "standby",
  idle: "standby",
  ready: "standby",
  drained: "drained",
  throttled: "throttled",
  limited: "throttled",
  starting: "starting",
  battery: "battery",
  "on-battery": "battery",
  bypass: "bypass",
  overloaded: "overload",
  overload: "overload",
  tripped: "tripped",
  open: "tripped",
  dark: "off",
  off: "off",
  "de-energised": "off",
  failed: "failed",
  down: "failed",
};

/** The status that a value of KIND.state means. */
export function statusOf(run: Run, code: number): Status {
  if (!Number.isFinite(code)) return "unknown";
  const s = run.registry.states.find((x) => x.value === Math.round(code));
  return (s && byName[s.name]) ?? (code === 0 ? "ok" : "unknown");
}

/** The state of a thing now; reading it follows it. */
export function stateOf(run: Run, ref: Ref): Status {
  const name = `${ref.kind.replace("-", "_")}.state`;
  if (!run.channel(name)) return "unknown";
  return statusOf(run, run.value(name, ref.index));
}

export const stateChannel = (kind: string) => `${kind.replace("-", "_")}.state`;

/** The range on which a channel's colours lie: its own, or what its values span, rounded. */
export function extent(values: ArrayLike<number>): [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  return [lo, hi];
}

/** A run in a list: by its name, and its folder where that is another. */
export const runTitle = (r: { id: string; name: string; mode: string }) =>
  r.mode !== "FORK" && r.id !== r.name ? `${r.name} (${r.id})` : r.name;

export const modeKey = (mode: string) => mode.toLowerCase() as "live" | "twin" | "replay" | "fork";
