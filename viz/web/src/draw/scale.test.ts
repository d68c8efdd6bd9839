import { describe, expect, it } from "vitest";
import { colour, contrast, inkOn, luminance, nice, palettes, parseHex, pixels, ticks } from "./scale";

describe("palettes", () => {
  for (const p of palettes) {
    it(`${p} only grows lighter`, () => {
      let last = -1;
      for (let i = 0; i <= 255; i++) {
        const y = luminance(colour(p, i / 255));
        expect(y).toBeGreaterThanOrEqual(last - 0.0015);
        last = y;
      }
    });
    it(`${p} spans more than ten to one in contrast`, () => {
      expect(contrast(colour(p, 0), colour(p, 1))).toBeGreaterThan(10);
    });
    it(`${p} takes a readable ink anywhere`, () => {
      for (let i = 0; i <= 20; i++) {
        const c = colour(p, i / 20);
        expect(contrast(c, parseHex(inkOn(c)))).toBeGreaterThan(4.4);
      }
    });
  }
  it("agrees with matplotlib at a quarter", () => {
    expect(colour("viridis", 0.25)).toEqual([59, 82, 139]);
    expect(colour("cividis", 1)).toEqual([254, 232, 56]);
  });
  it("clamps", () => {
    expect(colour("viridis", -3)).toEqual(colour("viridis", 0));
    expect(colour("viridis", 7)).toEqual(colour("viridis", 1));
  });
  it("packs 256 opaque pixels", () => {
    expect(pixels("viridis")).toHaveLength(256);
    expect(new Uint8Array(pixels("viridis").buffer).filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
  });
});

describe("ticks", () => {
  it("are round and inside", () => {
    expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticks(22.3, 24.1, 4)).toEqual([22.5, 23, 23.5, 24].filter((x) => x >= 22.3));
    expect(ticks(5, 5)).toEqual([5]);
  });
  it("nice limits enclose", () => {
    const [lo, hi] = nice(22.3, 27.9);
    expect(lo).toBeLessThanOrEqual(22.3);
    expect(hi).toBeGreaterThanOrEqual(27.9);
    expect(nice(3, 3)).toEqual([2.5, 3.5]);
  });
});
