// Events as trees of cause and consequence, and which domain each belongs to.
import type { LogEvent } from "../../wire/types";

export type Domain = "power" | "cooling" | "it" | "jobs" | "other";
export const domains: Domain[] = ["power", "cooling", "it", "jobs", "other"];

const byKind: Record<string, Domain> = {
  utility: "power",
  genset: "power",
  transformer: "power",
  ups: "power",
  pdu: "power",
  crah: "cooling",
  cdu: "cooling",
  chiller: "cooling",
  tower: "cooling",
  "dry-cooler": "cooling",
  pump: "cooling",
  "in-row": "cooling",
  "rear-door": "cooling",
  hall: "cooling",
  rack: "it",
  node: "it",
  gpu: "it",
  leaf: "it",
  storage: "it",
  disk: "it",
  row: "it",
  job: "jobs",
  service: "jobs",
};

export function domainOf(e: LogEvent): Domain {
  if (e.type.startsWith("job.") || e.subject?.startsWith("job ")) return "jobs";
  if (/^(power|ups|breaker|genset|ats|feed|utility|battery)/.test(e.type)) return "power";
  if (/^(cool|crah|cdu|chiller|tower|inlet|class)/.test(e.type)) return "cooling";
  if (e.type.startsWith("storage.")) return "it";
  const kind = e.kind ?? /([a-z-]+?)-[a-z0-9]+$/.exec(e.subject ?? "")?.[1] ?? "";
  return byKind[kind] ?? "other";
}

export interface Branch {
  event: LogEvent;
  children: Branch[];
  /** All that followed, however far down. */
  size: number;
}

/** The forest of a list of events; one whose cause is not in the list is a root. */
export function forest(events: LogEvent[]): Branch[] {
  const byId = new Map<number, Branch>();
  for (const event of events) byId.set(event.id, { event, children: [], size: 0 });
  const roots: Branch[] = [];
  for (const b of byId.values()) {
    const up = b.event.parent ? byId.get(b.event.parent) : undefined;
    if (up && up !== b && !reaches(b, up, byId)) up.children.push(b);
    else roots.push(b);
  }
  const weigh = (b: Branch): number => {
    b.size = b.children.reduce((sum, k) => sum + 1 + weigh(k), 0);
    return b.size;
  };
  for (const r of roots) weigh(r);
  return roots;
}

/** Whether following causes from `from` comes to `to`: a ring, which no log should have. */
function reaches(to: Branch, from: Branch, byId: Map<number, Branch>): boolean {
  let at: Branch | undefined = from;
  for (let n = 0; at && n < 10000; n++) {
    if (at === to) return true;
    at = at.event.parent ? byId.get(at.event.parent) : undefined;
  }
  return false;
}
