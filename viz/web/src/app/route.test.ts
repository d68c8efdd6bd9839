import { describe, expect, it } from "vitest";
import { blank, formatRoute, parseRoute, views } from "./route";

const split = (href: string) => {
  const u = new URL(href, "http://x");
  return parseRoute(u.pathname, u.search);
};

describe("addresses", () => {
  it("come back as they went", () => {
    for (const view of views) {
      const r = {
        ...blank,
        view,
        run: "heat wave/2",
        t: 43200.5,
        at: "hall-0/row-1",
        sel: "hall-0/crah-0",
        metric: "rack.power",
        level: "rack",
        q: "a b&c",
      };
      expect(split(formatRoute(r))).toEqual(r);
    }
  });
  it("keep paths readable", () => {
    expect(formatRoute({ ...blank, at: "hall-0/row-1", t: 60 })).toBe("/floor?at=hall-0/row-1&t=60");
  });
  it("take nonsense for the floor at no time", () => {
    expect(split("/nowhere?t=soon")).toEqual(blank);
    expect(split("/?t=-5").t).toBeNull();
    expect(split(`/floor?sel=${"x".repeat(9000)}`).sel).toHaveLength(512);
  });
  it("tell time 0 from no time", () => {
    expect(split("/floor?t=0").t).toBe(0);
    expect(split("/floor?t=").t).toBeNull();
  });
});
