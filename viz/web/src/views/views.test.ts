import { describe, expect, it } from "vitest";
import type { Job, LogEvent, Plant } from "../wire/types";
import { domainOf, forest } from "./events/tree";
import { grid } from "./floor/texture";
import { lanes } from "./jobs/gantt";
import { impactOf } from "./power/impact";

describe("the grid of a rack", () => {
  it.each([
    [32, [4, 8]],
    [72, [6, 12]],
    [1, [1, 1]],
    [8, [2, 4]],
  ])("%d cells", (n, want) => expect(grid(n)).toEqual(want));
  it("always has room", () => {
    for (let n = 1; n < 300; n++) {
      const [w, h] = grid(n);
      expect(w * h).toBeGreaterThanOrEqual(n);
    }
  });
});

// Two sides, a UPS and a PDU each; three racks on both, one on A only.
const plant: Plant = {
  sides: ["A", "B"],
  redundancy: "2N",
  power: {
    nodes: ["utility", "ups", "pdu", "utility", "ups", "pdu"].map((kind, id) => ({
      id,
      kind,
      index: Math.floor(id / 3),
      name: `${kind}-${id < 3 ? "a" : "b"}`,
      side: id < 3 ? 0 : 1,
      rating_w: kind === "pdu" ? 350 : 1000,
    })),
    edges: [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 3, to: 4 },
      { from: 4, to: 5 },
    ],
  },
  feeds: {
    a: [[4, 0]],
    b: [
      [3, 1],
      [1, -1],
    ],
  },
  cooling: { nodes: [], edges: [] },
  cdu: [],
  racks: [],
};
const flows = { rack: () => 100, node: (n: { kind: string; id: number }) => (n.id < 3 ? 250 : 150), live: () => true };

describe("the impact of a breaker", () => {
  it("moves load to the other cord and counts who goes dark", () => {
    const i = impactOf(plant, 2, flows);
    expect(i.dark).toEqual([3]);
    expect(i.single).toEqual([0, 1, 2]);
    // Side B takes three halves more: 150 + 150.
    expect(i.highest?.node.name).toBe("pdu-b");
    expect(i.highest?.load).toBeCloseTo(300 / 350, 12);
    expect(i.over).toEqual([]);
  });
  it("names what is overloaded by it", () => {
    const i = impactOf(plant, 5, { ...flows, rack: () => 200, node: (n) => (n.id < 3 ? 500 : 300) });
    expect(i.over.map((o) => o.node.name)).toContain("pdu-a");
    expect(i.over.find((o) => o.node.name === "pdu-a")?.load).toBeCloseTo(800 / 350, 12);
    expect(i.dark).toEqual([]);
  });
  it("a UPS rides through the loss of its feed", () => {
    expect(impactOf(plant, 0, flows).dark).toEqual([]);
    expect(impactOf(plant, 0, flows).single).toEqual([]);
  });
});

const event = (id: number, parent?: number, more: Partial<LogEvent> = {}): LogEvent => ({
  id,
  t_s: id,
  at: "",
  severity: "info",
  type: "x",
  ...(parent ? { parent } : {}),
  ...more,
});

describe("cause and consequence", () => {
  it("builds trees and counts all that follows", () => {
    const roots = forest([event(1), event(2, 1), event(3, 2), event(4, 99)]);
    expect(roots.map((r) => [r.event.id, r.size])).toEqual([
      [1, 2],
      [4, 0],
    ]);
  });
  it("survives a ring", () => {
    const roots = forest([event(1, 2), event(2, 1)]);
    expect(roots.length).toBeGreaterThan(0);
  });
  it("knows domains by kind, type and name", () => {
    expect(domainOf(event(1, 0, { kind: "ups", index: 0 }))).toBe("power");
    expect(domainOf(event(1, 0, { subject: "hall-0/crah-0" }))).toBe("cooling");
    expect(domainOf(event(1, 0, { type: "job.start" }))).toBe("jobs");
    expect(domainOf(event(1, 0, { kind: "node", index: 3 }))).toBe("it");
    expect(domainOf(event(1, 0, { type: "note" }))).toBe("other");
  });
});

const job = (index: number, submit: number, start: number | null, end: number | null): Job => ({
  index,
  name: `j${index}`,
  gpus: 1,
  submit,
  start,
  end,
  state: "done",
  restarts: 0,
  segments: start === null ? [] : [[start, end]],
  speed: 1,
});

describe("lanes of the Gantt chart", () => {
  it("never hold two jobs at a time", () => {
    const rows = Array.from({ length: 60 }, (_, i) => job(i, i * 7, i * 7 + 3, i * 7 + 20 + ((i * 37) % 90)));
    const { list, count } = lanes(rows, 0, 600);
    for (const a of list) {
      for (const b of list) {
        if (a === b || a.lane !== b.lane) continue;
        expect(a.job.end! <= b.job.submit! || b.job.end! <= a.job.submit!).toBe(true);
      }
    }
    expect(count).toBeLessThan(25);
  });
});
