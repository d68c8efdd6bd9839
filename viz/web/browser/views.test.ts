// Each view loads, in both themes, and axe-core finds no serious violation in it.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { colours, finish, open, type Served, serve, skipped } from "./harness";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = join(import.meta.dirname, "../shots");

const screens: [name: string, path: string, ready: string][] = [
  ["floor", "/floor?run=demo&t=46000&sel=hall-0/row-1/rack-3", "[data-testid=plan]"],
  ["floor-gpus", "/floor?run=demo&t=46000&metric=gpu.temperature", "[data-testid=plan]"],
  ["row", "/floor?run=demo&t=46000&at=hall-0/row-1&metric=gpu.temperature", "[data-testid=elevation]"],
  ["rack", "/floor?run=demo&t=46000&at=hall-0/row-1/rack-3&metric=gpu.temperature", "[data-testid=elevation]"],
  ["node", "/floor?run=demo&t=46000&at=hall-0/row-1/rack-3/node-2&metric=gpu.temperature", ".gpu"],
  ["floor-3d", "/floor?run=demo&t=46000&tab=solid", "[data-testid=solid]"],
  ["floor-table", "/floor?run=demo&t=46000&tab=table", "[data-testid=floor-table] tbody tr"],
  ["power", "/power?run=demo&t=57900&sel=ups-0", ".part.warn"],
  ["power-table", "/power?run=demo&t=57900&tab=table", "tbody tr"],
  ["cooling", "/cooling?run=demo&t=46000", ".stage"],
  ["cooling-table", "/cooling?run=demo&t=46000&tab=table", "tbody tr"],
  ["jobs", "/jobs?run=demo&t=46000", "[data-testid=job-table] tbody tr"],
  ["events", "/events?run=demo&t=58000", "[data-testid=event-tree] li"],
  ["events-list", "/events?run=demo&t=58000&tab=list", "[data-testid=event-table] tbody tr"],
  ["compare", "/compare?run=demo&with=warm", "[data-testid=kpis] tbody tr"],
  ["data", "/data?run=demo&t=46000&metric=rack.inlet_temperature", "[data-testid=channels] tbody tr"],
];

interface Axe {
  run: (
    o: object,
  ) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] }>;
}

/** What axe-core finds that is serious, run in the page. */
async function violations(): Promise<string[]> {
  const axe = (window as unknown as { axe: Axe }).axe;
  const r = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
  return r.violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id} at ${n.target.join(" ")}: ${n.failureSummary}`));
}

describe.skipIf(skipped)("views", () => {
  let server: Served;
  beforeAll(async () => {
    server = await serve();
    mkdirSync(shots, { recursive: true });
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });

  it.each(screens)("%s", async (name, path, ready) => {
    const { page, context, problems } = await open(server.url + path);
    await page.locator(ready).first().waitFor();
    await page.waitForLoadState("networkidle");
    await page.evaluate(axe); // as the tester's own script, which the policy of the page does not concern
    for (const theme of ["dark", "light"]) {
      if (theme === "light") await page.keyboard.press("Shift+T");
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(theme);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: join(shots, `${name}-${theme}.png`) });
      expect(await page.evaluate(violations), `${name} in ${theme}`).toEqual([]);
    }
    expect(problems).toEqual([]);
    await context.close();
  });

  it("draws the plan in the colours of its values", async () => {
    const { page, context } = await open(`${server.url}/floor?run=demo&t=46000&metric=gpu.temperature`);
    await expect.poll(() => colours(page, "plan"), { timeout: 10_000 }).toBeGreaterThan(60);
    await context.close();
  });
});
