// What would happen if a breaker opened: present flows are laid anew over what is left. Cords share a rack's load by
// halves while both are live; what a path loses, the other one takes. It says where the load would go, not whether a
// protection would then trip.
import type { Plant, PlantNode } from "../../wire/types";
import { unpack } from "../../wire/types";

export interface Flows {
  /** W of a rack; NaN counts as its rating's unknown, hence 0. */
  rack: (i: number) => number;
  /** W through a node now; NaN where nobody knows. */
  node: (n: PlantNode) => number;
  /** Whether a node is live now. */
  live: (n: PlantNode) => boolean;
}

export interface Impact {
  dark: number[]; // racks
  single: number[]; // racks left on one cord
  over: { node: PlantNode; load: number }[]; // beyond their rating, the worst first
  highest: { node: PlantNode; load: number } | null;
}

export function impactOf(plant: Plant, opened: number, flows: Flows): Impact {
  const { nodes, edges } = plant.power;
  const parents = nodes.map(() => [] as number[]);
  for (const e of edges) parents[e.to]!.push(e.from);
  const before = liveness(plant, parents, -1, flows);
  const after = liveness(plant, parents, opened, flows);
  const pdu = new Map(nodes.filter((n) => n.kind === "pdu").map((n) => [n.index, n.id]));
  const [a, b] = [unpack(plant.feeds.a), unpack(plant.feeds.b)];
  const change = new Float64Array(nodes.length);
  const dark: number[] = [];
  const single: number[] = [];
  for (let r = 0; r < Math.max(a.length, b.length); r++) {
    const cords = [...new Set([pdu.get(a[r] ?? -1), pdu.get(b[r] ?? -1)])].filter((x): x is number => x !== undefined);
    const was = cords.filter((x) => before[x]);
    const now = cords.filter((x) => after[x]);
    const w = Number.isFinite(flows.rack(r)) ? flows.rack(r) : 0;
    if (was.length && !now.length) dark.push(r);
    else if (now.length === 1 && was.length > 1) single.push(r);
    for (const x of was) change[x]! -= w / was.length;
    for (const x of now) change[x]! += w / now.length;
  }
  // Upwards: what a node gains or loses, its live parents share.
  for (const id of upwards(nodes.length, parents)) {
    const d = change[id]!;
    if (Math.abs(d) < 1e-9) continue;
    const up = parents[id]!.filter((p) => (d > 0 ? after[p] : before[p]));
    for (const p of up) change[p]! += d / up.length;
  }
  const loads = nodes
    .filter((n) => n.rating_w && after[n.id] && n.id !== opened)
    .map((n) => ({
      node: n,
      load: ((Number.isFinite(flows.node(n)) ? flows.node(n) : 0) + change[n.id]!) / n.rating_w!,
    }))
    .sort((x, y) => y.load - x.load);
  return { dark, single, over: loads.filter((x) => x.load > 1), highest: loads[0] ?? null };
}

const sources = new Set(["utility", "genset"]);

/** Which nodes are live when one is opened: sources by what they are now, the others if anything above them is. */
export function liveness(plant: Plant, parents: number[][], opened: number, flows: Flows): boolean[] {
  const { nodes } = plant.power;
  const live: boolean[] = new Array(nodes.length).fill(false);
  for (const id of upwards(nodes.length, parents).reverse()) {
    const n = nodes[id]!;
    if (id === opened) continue;
    if (sources.has(n.kind)) live[id] = flows.live(n);
    // A UPS rides on its battery: it stays live while it is in service.
    else if (n.kind === "ups") live[id] = flows.live(n);
    else live[id] = parents[id]!.some((p) => live[p]) && flows.live(n);
  }
  return live;
}

/** Children before parents. */
export function upwards(count: number, parents: number[][]): number[] {
  const out: number[] = [];
  const seen = new Uint8Array(count);
  const children = Array.from({ length: count }, () => [] as number[]);
  parents.forEach((list, id) => {
    for (const p of list) children[p]!.push(id);
  });
  const visit = (id: number) => {
    if (seen[id]) return;
    seen[id] = 1;
    for (const c of children[id]!) visit(c);
    out.push(id);
  };
  for (let i = 0; i < count; i++) visit(i);
  return out;
}
