import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, parseHex } from "../draw/scale";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const blocks = css.split("}").filter((b) => b.includes("--paper"));

function tokens(block: string): Record<string, string> {
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{3,6});/gi)].map((m) => [m[1]!, m[2]!]));
}

const texts = ["ink", "soft", "faint", "accent", "ok", "bad", "warn", "fork"];
const grounds = ["paper", "card", "raise", "tint"];

describe.each([
  ["dark", tokens(blocks[0]!)],
  ["light", tokens(blocks[1]!)],
])("the %s theme", (_name, t) => {
  it.each(texts.flatMap((a) => grounds.map((b) => [a, b] as const)))("%s reads on %s", (a, b) => {
    expect(contrast(parseHex(t[a]!), parseHex(t[b]!))).toBeGreaterThanOrEqual(4.5);
  });
  it.each(["accent", "ok", "bad", "warn", "fork"])("%s reads on its own ground", (a) => {
    expect(contrast(parseHex(t[a]!), parseHex(t[`${a}-bg`]!))).toBeGreaterThanOrEqual(4.5);
  });
  it("labels of aisles and sides are seen", () => {
    for (const a of ["cold", "hot", "side-a", "side-b", "side-c", "edge", "c1", "c2", "c3", "c4", "c5", "c6"]) {
      expect(contrast(parseHex(t[a]!), parseHex(t.card!))).toBeGreaterThanOrEqual(3);
    }
  });
  it("words on a filled button", () => {
    expect(contrast(parseHex(t["accent-ink"]!), parseHex(t.accent!))).toBeGreaterThanOrEqual(4.5);
  });
});
