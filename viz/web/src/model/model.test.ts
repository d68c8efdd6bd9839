import { describe, expect, it } from "vitest";
import type { Site } from "../wire/types";
import { clock, duration, number, parseDuration, siteTime, text } from "./format";
import { Tree } from "./tree";

const site: Site = {
  name: "s",
  floor: null,
  levels: [
    { kind: "hall", number: 1, parent: "site", count: 2, counts: [[1, 2]], names: ["east", ""] },
    {
      kind: "row",
      number: 2,
      parent: "hall",
      count: 3,
      counts: [
        [1, 2],
        [1, 1],
      ],
    },
    {
      kind: "rack",
      number: 3,
      parent: "row",
      count: 7,
      counts: [
        [2, 2],
        [1, 3],
      ],
      models: ["a", "b"],
      model: [
        [4, 0],
        [3, 1],
      ],
    },
    { kind: "crah", number: 11, parent: "hall", count: 4, counts: [[2, 2]] },
  ],
};

describe("the tree", () => {
  const tree = new Tree(site);
  it("names things as the server does, and finds them again", () => {
    for (const kind of ["hall", "row", "rack", "crah"]) {
      for (let index = 0; index < tree.count(kind); index++) {
        const name = tree.nameOf({ kind, index });
        expect(tree.parse(name), name).toEqual({ kind, index });
      }
    }
    expect(tree.nameOf({ kind: "rack", index: 6 })).toBe("hall-1/row-0/rack-2");
    expect(tree.nameOf({ kind: "rack", index: 3 })).toBe("east/row-1/rack-1");
  });
  it("knows what contains what", () => {
    expect(tree.descendants({ kind: "hall", index: 0 }, "rack")).toEqual([0, 4]);
    expect(tree.ancestor({ kind: "rack", index: 6 }, "hall")).toBe(1);
    expect(tree.path({ kind: "rack", index: 6 }).map((r) => r.kind)).toEqual(["site", "hall", "row", "rack"]);
    expect(tree.model({ kind: "rack", index: 5 })).toBe("b");
  });
  it("finds nothing where nothing is", () => {
    for (const bad of ["rack-99", "east/rack-9", "nothing-1", "hall-0/crah-2", "a/b"])
      expect(tree.parse(bad), bad).toBeNull();
  });
  it("maps level bytes", () => {
    expect([tree.kindOf(0), tree.kindOf(3), tree.kindOf(11), tree.kindOf(99)]).toEqual(["site", "rack", "crah", ""]);
  });
});

describe("figures", () => {
  it.each([
    [1.0543e6, "W", "1.05 MW"],
    [999.6, "W", "1.00 kW"],
    [23.4567, "degC", "23.5 °C"],
    [0.852, "", "85.2 %"],
    [8.5e10, "J", "23.6 MWh"],
    [-12.5, "W", "\u221212.5 W"],
    [0, "m3/s", "0 m³/s"],
    [90, "s", "1.50 min"],
  ])("%d %s reads %s", (v, unit, want) => expect(text(v, unit)).toBe(want));
  it("unknown is a dash, without a unit", () => {
    for (const v of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(text(v, "W")).toBe("–");
  });
  it("plain factors and counts", () => {
    expect(text(1.2384, "", "factor")).toBe("1.24");
    expect(text(12345, "", "count")).toBe("12,345");
    expect(number(0.00001234)).toBe("1.23e\u22125");
  });
});

describe("times", () => {
  it("read as clocks and durations", () => {
    expect(clock(43219.9)).toBe("12:00:19");
    expect(clock(3 * 86400 + 61)).toBe("3 d 00:01:01");
    expect(duration(1090)).toBe("18 min 10 s");
    expect(duration(7200)).toBe("2 h");
    expect(siteTime("2025-07-15T00:00:00-05:00", 43200, "en")).toBe("15 Jul 12:00");
  });
  it.each([
    ["30 min", 1800],
    ["2 h 30 min", 9000],
    ["12:04:20", 43460],
    ["1 d 02:00", 93600],
    ["90s", 90],
  ])("%s is %d s", (s, want) => expect(parseDuration(s)).toBe(want));
  it.each(["", "soon", "5", "3 weeks", "-1 h"])("%j is no duration", (s) => expect(parseDuration(s)).toBeNull());
});
