// Where the one-line diagram puts its parts: sources at the left, racks at the right, one band a side.
import type { Plant, PlantNode } from "../../wire/types";

export interface Spot {
  node: PlantNode;
  x: number;
  y: number;
  w: number;
  h: number;
  bar: boolean; // a bus: a vertical bar
}

export interface More {
  kind: string;
  side: number;
  nodes: PlantNode[];
  x: number;
  y: number;
  w: number;
}

export interface Wire {
  from: Spot;
  to: Spot;
}

export interface Drawing {
  spots: Spot[];
  more: More[];
  wires: Wire[];
  bands: { side: number; y: number; h: number }[];
  columns: { kind: string; x: number; w: number }[];
  width: number;
  height: number;
}

const order = ["source", "transformer", "switch", "bus", "ups", "bus2", "pdu", "end"];
const cardW = 148;
const cardH = 44;
const step = 52;
const widths: Record<string, number> = {
  source: cardW,
  transformer: cardW,
  switch: 30,
  bus: 8,
  ups: cardW,
  bus2: 8,
  pdu: cardW,
  end: 168,
};
const most = 6;

function columnOf(n: PlantNode, sides: number): string {
  if (n.kind === "utility" || n.kind === "genset") return "source";
  if (n.kind === "bus") return n.index < sides ? "bus" : "bus2";
  if (n.kind === "mechanical" || n.kind === "racks") return "end";
  return n.kind;
}

export function drawPower(plant: Plant, width: number, rank: (n: PlantNode) => number): Drawing {
  const { nodes, edges } = plant.power;
  const sides = Math.max(1, plant.sides.length);
  const used = order.filter((c) => c === "end" || nodes.some((n) => columnOf(n, sides) === c));
  const total = used.reduce((sum, c) => sum + widths[c]!, 0);
  const gap = Math.max(26, Math.min(76, (width - 64 - total) / Math.max(1, used.length - 1)));
  const columns: Drawing["columns"] = [];
  let x = 40;
  for (const c of used) {
    columns.push({ kind: c, x, w: widths[c]! });
    x += widths[c]! + gap;
  }
  const spots: Spot[] = [];
  const more: More[] = [];
  const bands: Drawing["bands"] = [];
  let y = 34;
  for (let side = 0; side < sides; side++) {
    const stacks = columns.map((col) =>
      nodes.filter(
        (n) =>
          columnOf(n, sides) === col.kind && (n.side === side || (n.side < 0 && side === 0 && col.kind === "source")),
      ),
    );
    const rows = Math.max(1, ...stacks.map((s) => Math.min(s.length, most + 1)));
    const h = rows * step + 12;
    stacks.forEach((stack, k) => {
      const col = columns[k]!;
      if (col.kind === "end") return;
      const shown =
        stack.length > most + 1
          ? [...stack]
              .sort((a, b) => rank(b) - rank(a))
              .slice(0, most)
              .sort((a, b) => a.id - b.id)
          : stack;
      const rest = stack.filter((n) => !shown.includes(n));
      const lines = shown.length + (rest.length ? 1 : 0);
      const top = y + (h - lines * step) / 2;
      shown.forEach((node, i) => {
        const bar = node.kind === "bus";
        spots.push(
          bar
            ? { node, x: col.x, y: y + 8, w: col.w, h: h - 16, bar }
            : {
                node,
                x: col.x,
                y: top + i * step + (step - cardH) / 2,
                w: col.w,
                h: node.kind === "switch" ? 30 : cardH,
                bar,
              },
        );
      });
      if (rest.length)
        more.push({ kind: col.kind, side, nodes: rest, x: col.x, y: top + shown.length * step + 8, w: col.w });
    });
    bands.push({ side, y, h });
    y += h + 26;
  }
  const height = y;
  const end = columns.at(-1)!;
  const racks: PlantNode = { id: -1, kind: "racks", index: -1, name: "racks", side: -1 };
  const mid = height / 2;
  spots.push({ node: racks, x: end.x, y: mid - 78, w: end.w, h: 92, bar: false });
  for (const node of nodes) {
    if (node.kind === "mechanical") spots.push({ node, x: end.x, y: mid + 34, w: end.w, h: 56, bar: false });
  }
  for (const s of spots) if (s.node.kind === "switch") s.y += (cardH - 30) / 2;
  const byId = new Map(spots.map((s) => [s.node.id, s]));
  const wires: Wire[] = edges.flatMap((e) => {
    const [from, to] = [byId.get(e.from), byId.get(e.to)];
    return from && to ? [{ from, to }] : [];
  });
  const rackSpot = byId.get(-1)!;
  for (const s of spots) if (s.node.kind === "pdu") wires.push({ from: s, to: rackSpot });
  return { spots, more, wires, bands, columns, width: end.x + end.w + 24, height };
}

/** An elbow from one part to another; a bar is met at the height of what meets it. */
export function elbow({ from, to }: Wire, lane: number): string {
  if (to.node.kind === "mechanical" && from.bar) {
    // Around the band: below the first side, above the others.
    const y = lane === 0 ? from.y + from.h + 16 : from.y - 16;
    const x = from.x + from.w / 2;
    return `M${x} ${lane === 0 ? from.y + from.h : from.y}V${y}H${to.x - 26 - lane * 6}V${to.y + 20 + lane * 12}H${to.x}`;
  }
  const x1 = from.x + from.w;
  const x2 = to.x;
  const middle = (s: Spot) => s.y + s.h / 2;
  const within = (s: Spot, y: number) => Math.max(s.y + 6, Math.min(s.y + s.h - 6, y));
  let y1 = middle(from);
  let y2 = middle(to);
  if (from.bar) y1 = within(from, y2);
  if (to.bar) y2 = within(to, y1);
  if (to.node.kind === "racks") y2 = within(to, y1 < middle(to) ? to.y + 24 : to.y + to.h - 24);
  const x =
    to.node.kind === "racks" || to.node.kind === "mechanical" ? x2 - 14 - lane * 5 : from.bar ? x1 + 10 : x2 - 16;
  return Math.abs(y1 - y2) < 0.5 ? `M${x1} ${y1}H${x2}` : `M${x1} ${y1}H${x}V${y2}H${x2}`;
}
