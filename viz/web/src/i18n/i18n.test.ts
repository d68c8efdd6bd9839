import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en, type Key } from "./en";
import { metrics } from "./metrics";
import { zh } from "./zh";

const keys = Object.keys(en) as Key[];
const places = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const p = join(dir, e.name);
    return e.isDirectory() ? sources(p) : /\.tsx?$/.test(e.name) && !e.name.includes(".test.") ? [p] : [];
  });
}

const root = new URL("..", import.meta.url).pathname;
const code = sources(root)
  .filter((p) => !p.includes("/i18n/"))
  .map((p) => readFileSync(p, "utf8"))
  .join("\n");

describe("the languages", () => {
  it("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
  });
  it("fill the same places", () => {
    for (const k of keys) expect([k, places(zh[k])]).toEqual([k, places(en[k])]);
  });
  it("leave nothing empty, and Chinese says it in Chinese", () => {
    const same = keys.filter((k) => zh[k] === en[k]);
    for (const k of keys) expect(zh[k].trim(), k).not.toBe("");
    expect(same.every((k) => /^[A-Z0-9 {}]+$/i.test(en[k]))).toBe(true);
    expect(same.length).toBeLessThan(16);
  });
  it("hold no key that nothing uses", () => {
    const prefixes = [...code.matchAll(/`([a-zA-Z.]+\.)\$\{/g)].map((m) => m[1]!);
    const unused = keys.filter((k) => !code.includes(`"${k}"`) && !prefixes.some((p) => k.startsWith(p)));
    expect(unused).toEqual([]);
  });
});

describe("channel names", () => {
  const table = readFileSync(new URL("../../../../models/channel/table.go", import.meta.url), "utf8");
  const names = [...table.matchAll(/^\t\{"([a-z0-9_.]+)"/gm)].map((m) => m[1]!).filter((n) => !n.endsWith(".state"));
  it("exist for every channel of the registry", () => {
    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((n) => !metrics[n])).toEqual([]);
  });
});
