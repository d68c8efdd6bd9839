// Where things stand on the floor, in metres, and where a point hits.
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import type { Floor } from "../../wire/types";

export interface Box {
  x: number;
  y: number;
  w: number;
  d: number;
}

export interface Aisle extends Box {
  cold: boolean;
}

export interface Item extends Box {
  ref: Ref;
}

export interface Geometry {
  floor: Floor;
  racks: Box[];
  rows: Box[];
  halls: Box[];
  aisles: Aisle[];
  equipment: Item[];
  bounds: Box;
}

const cache = new WeakMap<Run, Geometry | null>();

export function geometryOf(run: Run): Geometry | null {
  let g = cache.get(run);
  if (g === undefined) {
    g = run.site.floor ? lay(run, run.site.floor) : null;
    cache.set(run, g);
  }
  return g;
}

function lay(run: Run, floor: Floor): Geometry {
  const tree = run.tree;
  const facing = facingOf(floor);
  const racks: Box[] = [];
  const rows: Box[] = [];
  for (let r = 0; r < tree.count("row"); r++) {
    const [lo, hi] = tree.descendants({ kind: "row", index: r }, "rack");
    const x = floor.rows.x[r] ?? 0;
    const y = floor.rows.y[r] ?? 0;
    rows.push({ x, y, w: (hi - lo) * floor.pitch, d: floor.depth });
    for (let i = lo; i < hi; i++) racks.push({ x: x + (i - lo) * floor.pitch, y, w: floor.pitch, d: floor.depth });
  }
  const equipment: Item[] = floor.equipment.flatMap((p) =>
    p.x.map((x, index) => ({ ref: { kind: p.kind, index }, x, y: p.y[index] ?? 0, w: p.w, d: p.d })),
  );
  return {
    floor,
    racks,
    rows,
    halls: floor.halls.map((h) => ({ x: h.x, y: h.y, w: h.w, d: h.d })),
    aisles: floor.halls.flatMap((_, hall) => aislesOf(run, facing, rows, hall)),
    equipment,
    bounds: { x: 0, y: 0, w: floor.w, d: floor.d },
  };
}

/** Bytes may come as base64, which is how Go writes them. */
function facingOf(floor: Floor): number[] {
  const f: number[] | string = floor.rows.facing;
  return typeof f === "string" ? Array.from(atob(f), (c) => c.charCodeAt(0)) : f;
}

/** The strips between rows: cold where fronts meet, hot where backs do. */
function aislesOf(run: Run, facing: number[], rows: Box[], hall: number): Aisle[] {
  const [lo, hi] = run.tree.descendants({ kind: "hall", index: hall }, "row");
  const order = Array.from({ length: hi - lo }, (_, i) => lo + i).sort(
    (a, b) => rows[a]!.x - rows[b]!.x || rows[a]!.y - rows[b]!.y,
  );
  const out: Aisle[] = [];
  const edge = 1.2;
  order.forEach((r, i) => {
    const box = rows[r]!;
    const front = facing[r] === 0;
    const before = rows[order[i - 1] ?? -1];
    const after = rows[order[i + 1] ?? -1];
    if (!before || before.x !== box.x) out.push({ x: box.x, y: box.y - edge, w: box.w, d: edge, cold: front });
    const gap = after && after.x === box.x ? after.y - box.y - box.d : edge;
    const width = after && after.x === box.x ? Math.max(box.w, after.w) : box.w;
    if (gap > 0) out.push({ x: box.x, y: box.y + box.d, w: width, d: Math.min(gap, 4), cold: !front });
  });
  return out;
}

/** What a view of a place shows. */
export function focusOf(run: Run, g: Geometry, at: Ref): Box {
  const pad = (b: Box, by: number): Box => ({ x: b.x - by, y: b.y - by, w: b.w + 2 * by, d: b.d + 2 * by });
  if (at.kind === "hall" && g.halls[at.index]) return pad(g.halls[at.index]!, 0.4);
  if (at.kind === "row" && g.rows[at.index]) return pad(g.rows[at.index]!, 1.6);
  if (at.kind === "rack" && g.racks[at.index]) return pad(g.racks[at.index]!, 3);
  if (run.tree.count("hall") === 1 && g.halls[0]) return pad(g.halls[0], 0.4);
  return pad(g.bounds, 1);
}

export interface View {
  /** Pixels a metre, and where the origin is. */
  k: number;
  x: number;
  y: number;
}

export function fitted(
  b: Box,
  width: number,
  height: number,
  inset: { top: number; right: number; bottom: number; left: number },
): View {
  const w = Math.max(40, width - inset.left - inset.right);
  const h = Math.max(40, height - inset.top - inset.bottom);
  const k = Math.min(w / b.w, h / b.d);
  return { k, x: inset.left + (w - b.w * k) / 2 - b.x * k, y: inset.top + (h - b.d * k) / 2 - b.y * k };
}

const inside = (b: Box, x: number, y: number) => x >= b.x && y >= b.y && x < b.x + b.w && y < b.y + b.d;

/** The thing at a point in metres: a rack, a unit, else the hall. */
export function hit(g: Geometry, x: number, y: number): Ref | null {
  for (const e of g.equipment) if (inside(e, x, y)) return e.ref;
  const row = g.rows.findIndex((r) => inside(r, x, y));
  if (row >= 0) {
    const rack = g.racks.findIndex((r) => inside(r, x, y));
    if (rack >= 0) return { kind: "rack", index: rack };
  }
  const hall = g.halls.findIndex((h) => inside(h, x, y));
  return hall >= 0 ? { kind: "hall", index: hall } : null;
}

/** The next thing in a direction, of racks and units: the nearest within a cone. */
export function neighbour(g: Geometry, from: Ref | null, dx: number, dy: number): Ref | null {
  const all: Item[] = [...g.racks.map((b, index) => ({ ...b, ref: { kind: "rack", index } })), ...g.equipment];
  const centre = (b: Box) => [b.x + b.w / 2, b.y + b.d / 2] as const;
  const here = from && all.find((i) => i.ref.kind === from.kind && i.ref.index === from.index);
  if (!here) return all[0]?.ref ?? null;
  const [cx, cy] = centre(here);
  let best: Ref | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const i of all) {
    if (i === here) continue;
    const [x, y] = centre(i);
    const along = (x - cx) * dx + (y - cy) * dy;
    const across = Math.abs((x - cx) * dy) + Math.abs((y - cy) * dx);
    if (along < 0.05) continue;
    const cost = along + 3 * across;
    if (cost < least) {
      least = cost;
      best = i.ref;
    }
  }
  return best;
}
