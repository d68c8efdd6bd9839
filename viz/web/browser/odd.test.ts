// What nobody hopes for: names with markup in them, links that lead nowhere, small screens, long words.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { finish, open, type Served, serve, skipped } from "./harness";

const shots = join(import.meta.dirname, "../shots");
const views = ["floor", "power", "cooling", "jobs", "events", "compare", "data"];

describe.skipIf(skipped)("odd circumstances", () => {
  let server: Served;
  let opened: Awaited<ReturnType<typeof open>>;
  const go = async (path: string, options = {}) => {
    opened = await open(server.url + path, options);
    await opened.page.getByTestId("clock").waitFor();
    return opened.page;
  };
  beforeAll(async () => {
    server = await serve();
    mkdirSync(shots, { recursive: true });
  });
  afterEach(async () => {
    await opened?.context.close();
    expect(opened?.problems).toEqual([]);
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });

  it("shows markup in names as text", async () => {
    const page = await go("/jobs?run=markup");
    await expect.poll(() => page.getByTestId("job-table").textContent()).toContain("<img src=x onerror=alert(1)>");
    for (const v of views) {
      await page.goto(`${server.url}/${v}?run=markup&q=%3Cimg%20src=x%3E&sel=%3Csvg/onload=alert(1)%3E`);
      await page.getByTestId("clock").waitFor();
      expect(await page.locator("img[onerror], svg[onload], script:not([src])").count()).toBe(0);
    }
    await page.goto(`${server.url}/api/runs/markup/report`);
    expect(await page.locator("img[onerror]").count()).toBe(0);
    await page.goto(`${server.url}/plain`);
    expect(await page.locator("img[onerror]").count()).toBe(0);
  });

  it("a run whose scenario says nothing of what to record is known on Power and Floor", async () => {
    const page = await go("/power?run=plain&t=7200");
    await expect.poll(() => page.getByTestId("redundancy").textContent()).toMatch(/2N/);
    expect(await page.locator(".meter.hatch").count()).toBe(0);
    await page.getByRole("link", { name: "Floor" }).click();
    await page.getByTestId("plan").waitFor();
    await page.waitForLoadState("networkidle");
    expect(await page.locator(".unknown-key").count()).toBe(0);
  });

  it("a job is shown where it runs", async () => {
    const page = await go("/jobs?run=demo&t=46000");
    await page.getByTestId("job-table").getByRole("button").filter({ hasText: "pretrain" }).last().click();
    await page.getByRole("button", { name: "Show on the floor" }).click();
    await expect.poll(() => page.getByTestId("held").textContent()).toMatch(/holds \d+ nodes in \d+ racks/i);
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(shots, "floor-job-dark.png") });
    await page.goBack();
    await page.getByTestId("gantt").waitFor();
  });

  it("offers what can be compared", async () => {
    const page = await go("/compare?run=demo");
    await page.getByTestId("others").getByRole("button").filter({ hasText: "warm" }).waitFor();
    await page.screenshot({ path: join(shots, "compare-choose-dark.png") });
    await page.getByTestId("others").getByRole("button").filter({ hasText: "warm" }).click();
    await page.getByTestId("kpis").waitFor();
  });

  it("links that lead nowhere still show a run", async () => {
    for (const path of [
      "/floor?run=demo&t=1e99&at=hall-99&sel=rack-77&metric=none&level=x&tab=y",
      "/nowhere?run=demo&t=-5",
      "/events?run=demo&t=NaN&sel=job-999999",
      "/jobs?run=demo&sel=job-99999999999",
      "/floor?run=demo&sel=job-4242424",
      "/compare?run=demo&with=gone",
    ]) {
      const page = await go(path);
      await page.waitForLoadState("networkidle");
      expect(await page.locator("main").textContent(), path).not.toMatch(/went wrong|undefined|NaN/);
      expect(opened.problems.filter((p) => !/404/.test(p))).toEqual([]);
      opened.problems.length = 0;
      await opened.context.close();
    }
    await go("/floor?run=demo");
  });

  it.each(["en-GB", "zh-CN"])("fits a phone, in %s", async (locale) => {
    const page = await go("/floor?run=demo&t=46000", { locale, viewport: { width: 390, height: 844 }, hasTouch: true });
    for (const v of views) {
      await page.goto(`${server.url}/${v}?run=demo&t=46000`);
      await page.getByTestId("clock").waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: join(shots, `phone-${v}-${locale}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, v).toBeLessThanOrEqual(390);
    }
  });

  it("moves nothing for who wants rest", async () => {
    const page = await go("/floor?run=demo&t=46000", { reducedMotion: "reduce" });
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((e) => {
          const s = getComputedStyle(e);
          const long = (x: string) => x.split(",").some((d) => Number.parseFloat(d) > 0.011);
          return (s.animationName !== "none" && long(s.animationDuration)) || long(s.transitionDuration);
        }).length,
    );
    expect(moving).toBe(0);
  });
});
