// What people do with it: fail a unit and see the floor warm, scrub, share a link, go back, fork, switch, and all of it
// by keyboard.

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clock, figure, finish, live, open, type Served, serve, skipped } from "./harness";

describe.skipIf(skipped)("a recorded run", () => {
  let server: Served;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  const go = async (path: string, options = {}) => {
    ({ page, context, problems } = await open(server.url + path, options));
    await page.getByTestId("clock").waitFor();
  };
  beforeAll(async () => {
    server = await serve();
  });
  afterEach(async () => {
    await context?.close();
    expect(problems).toEqual([]);
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });

  it("a deep link shows its run, moment, place and selection", async () => {
    await go("/floor?run=demo&t=43200&at=hall-0/row-2&sel=hall-0/row-2/rack-5&metric=rack.power");
    await expect.poll(() => clock(page)).toBe(43200);
    expect(await page.getByRole("complementary").getByRole("heading", { level: 2 }).textContent()).toBe("Rack 5");
    expect(await page.getByRole("combobox", { name: "Metric" }).inputValue()).toBe("rack.power");
    expect(await page.locator(".crumbs [aria-current]").textContent()).toBe("Row 2");
  });

  it("scrubbing moves the clock, the values and the address; back undoes it", async () => {
    await go("/floor?run=demo&t=3600");
    await expect.poll(() => clock(page)).toBe(3600);
    const before = await figure(page, "Inlet temperature");
    await page.getByRole("slider", { name: "Simulated time" }).fill("46800");
    await expect.poll(() => clock(page)).toBe(46800);
    expect(new URL(page.url()).searchParams.get("t")).toBe("46800");
    await expect.poll(() => figure(page, "Inlet temperature")).toBeGreaterThan(before + 1);
    await page.goBack();
    await expect.poll(() => clock(page)).toBe(3600);
    await expect.poll(() => figure(page, "Inlet temperature")).toBe(before);
    await page.goForward();
    await expect.poll(() => clock(page)).toBe(46800);
  });

  it("plays, steps and jumps to the next fault", async () => {
    await go("/floor?run=demo&t=36000");
    await expect.poll(() => clock(page)).toBe(36000);
    await page.getByRole("button", { name: "Step forward" }).click();
    await expect.poll(() => clock(page)).toBe(36060);
    await page.getByRole("button", { name: "Next fault" }).click();
    await expect.poll(() => clock(page)).toBe(43200);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await expect.poll(() => clock(page), { timeout: 10_000 }).toBeGreaterThan(43800);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
  });

  it("a fork runs beside its base as a ghost, is compared, and gives its scenario", async () => {
    await go("/floor?run=demo&t=30000&sel=hall-0/crah-2");
    await page.getByRole("complementary").getByRole("button", { name: "Fork and fail" }).click();
    await page.getByRole("textbox", { name: "What" }).fill("crah[0..2]");
    await expect.poll(() => page.getByTestId("snippet").textContent()).toContain('fail: "crah[0..2]"');
    await page.getByRole("dialog").getByRole("button", { name: "Fail", exact: true }).click();
    await page.getByTestId("ghost").waitFor();
    await page.getByTestId("plan-fork").waitFor();
    expect(new URL(page.url()).searchParams.get("with")).toContain("demo");
    await page.getByRole("slider", { name: "Simulated time" }).fill("31500");
    await expect
      .poll(
        async () =>
          Number.parseFloat(
            (await page.locator(".kpi", { hasText: "Inlet temperature" }).locator(".delta").textContent())?.replace(
              "+",
              "",
            ) ?? "0",
          ),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(3);
    await page.getByRole("button", { name: "Copy as scenario" }).first().click();
    expect(await page.getByTestId("snippet").textContent()).toContain("crah[0..2]");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Compare with the base" }).click();
    await page.getByTestId("differences").waitFor();
    await page.getByRole("link", { name: "Floor" }).click();
    await page.getByRole("button", { name: "Drop the fork" }).click();
    await expect.poll(() => page.getByTestId("ghost").count()).toBe(0);
  });

  it("a breaker tells its impact", async () => {
    await go("/power?run=demo&t=30000");
    await page.getByRole("button", { name: "If this opens: pdu-0" }).click();
    const text = await page.getByTestId("impact").textContent();
    expect(text).toMatch(/racks are left on one cord/);
    expect(text).toMatch(/Every rack keeps a live cord/);
  });

  it("speaks Chinese, wears the other theme, and remembers both", async () => {
    await go("/floor?run=demo");
    await page.getByRole("button", { name: "切换到中文" }).click();
    await page.getByRole("link", { name: "供电" }).waitFor();
    await page.getByRole("button", { name: "切换到浅色主题" }).click();
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme])).toEqual([
      "zh-Hans",
      "light",
    ]);
    await page.reload();
    await page.getByRole("link", { name: "供电" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("light");
    for (const view of ["供电", "制冷", "作业", "事件", "对比", "数据", "机房"]) {
      await page.getByRole("link", { name: view }).click();
      await expect.poll(() => page.locator("main").getAttribute("aria-label")).toBe(view);
    }
  });

  it("goes by keyboard alone", async () => {
    await go("/floor?run=demo&t=30000");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the view");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("view");
    await page.getByTestId("plan").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => new URL(page.url()).searchParams.get("sel")).toMatch(/rack-1$/);
    await page.keyboard.press("Shift+F10");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("menuitem");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("CANVAS");
    await page.keyboard.press("Enter");
    await page.getByTestId("elevation").waitFor();
    await page.keyboard.press("2");
    await page.getByRole("heading", { name: "One-line diagram" }).waitFor();
    await page.keyboard.press("n");
    await expect.poll(() => clock(page)).toBe(43200);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Command palette" }).fill("crah 2");
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("sel")).toBe("hall-0/crah-2");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard and help" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  });

  it("a chart and the plan have their tables", async () => {
    await go("/floor?run=demo&t=46000&tab=table&metric=rack.inlet_temperature");
    const rows = page.getByTestId("floor-table").locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(32);
    await expect.poll(() => rows.first().textContent()).toMatch(/°C/);
    await page.getByRole("button", { name: "Show as a table" }).first().click();
    await expect.poll(() => page.locator(".scroll-table tbody tr").count()).toBeGreaterThan(10);
  });

  it("says unknown where nothing is recorded, and never that it is well", async () => {
    await go("/data?run=demo&t=46000&q=liquid_temperature");
    await expect.poll(() => page.getByTestId("channels").locator("tbody tr").count()).toBe(1);
    expect(await page.getByTestId("channels").locator("tbody tr").textContent()).toContain("–");
  });
});

describe.skipIf(skipped)("a live run", () => {
  let server: Served;
  beforeAll(async () => {
    server = await live();
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });

  it("a CRAH is failed from the interface and the inlets warm on the floor", async () => {
    const { page, context, problems } = await open(
      `${server.url}/floor?sel=hall-0/crah-0&metric=rack.inlet_temperature`,
    );
    await page.locator(".badge.twin").first().waitFor();
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await expect.poll(() => clock(page), { timeout: 15_000 }).toBeGreaterThan(600);
    const before = await figure(page, "Inlet temperature");
    expect(before).toBeLessThan(24);
    await page.getByRole("complementary").getByRole("button", { name: "Fail", exact: true }).click();
    await page.getByRole("textbox", { name: "What" }).fill("crah[0..2]");
    await page.getByRole("textbox", { name: "For" }).fill("4 h");
    await expect.poll(() => page.getByTestId("snippet").textContent()).toContain("crah[0..2]");
    await page.getByRole("dialog").getByRole("button", { name: "Fail", exact: true }).click();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => figure(page, "Inlet temperature"), { timeout: 30_000 }).toBeGreaterThan(before + 5);
    await expect
      .poll(() => page.getByRole("complementary").locator(".state").first().textContent(), { timeout: 15_000 })
      .toContain("Failed");
    await expect.poll(() => page.locator(".legend").last().textContent()).toMatch(/beyond/);
    expect(problems).toEqual([]);
    await context.close();
  });
});
