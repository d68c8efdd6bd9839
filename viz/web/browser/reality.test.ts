// A twin beside a real site: what is measured beside what is predicted, where it comes from, what is wrong, and what lies ahead.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clock, colours, finish, open, type Served, skipped } from "./harness";
import { beside } from "./reality";

describe.skipIf(skipped)("a twin beside a real site", () => {
  let server: Served;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  const shots = join(import.meta.dirname, "../shots");
  const go = async (path: string, options = {}) => {
    ({ page, context, problems } = await open(server.url + path, options));
    await page.getByTestId("clock").waitFor();
  };
  const shot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`) });
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    server = await beside();
  });
  afterEach(async () => {
    await context?.close();
    expect(problems).toEqual([]);
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });

  it("shows what is measured beside what is predicted, and the residual", async () => {
    await go("/floor?metric=gpu.power&level=rack");
    await page.getByTestId("beside").getByText("all sources answer (1)").waitFor();
    await page.getByTestId("plan-fork").waitFor();
    expect(await page.locator(".caption .badge").allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining("TWIN"), expect.stringContaining("LIVE")]),
    );
    await expect.poll(() => clock(page), { timeout: 20_000 }).toBeGreaterThan(6);
    await expect.poll(() => colours(page, "plan-fork")).toBeGreaterThan(20);
    await shot("live-floor-dark");
    await page.getByRole("button", { name: "residual" }).click();
    await page.getByText("measured − predicted").waitFor();
    expect(await page.locator(".legend").first().textContent()).not.toContain("unknown");
    await expect.poll(() => colours(page, "plan")).toBeGreaterThan(20);
    await page.getByTestId("plan").click({ position: { x: 300, y: 300 } });
    await shot("live-residual-dark");
  });

  it("tells of sources, hosts, what is compared, held back and drifts", async () => {
    await go("/data?tab=live&metric=gpu.power");
    const row = page.getByTestId("compared").locator("tr", { hasText: "gpu.power" });
    await expect.poll(() => row.textContent(), { timeout: 20_000 }).toMatch(/25\d \/ 256.*kW.*kW.*kW/);
    await expect.poll(() => page.getByTestId("sources").textContent()).toMatch(/agents.*Answers.*ago/);
    await expect
      .poll(() => page.getByTestId("held").textContent())
      .toMatch(/its key GPU-x is that of|outside -40 to 130/);
    await expect.poll(() => page.getByTestId("mapping").textContent()).toMatch(/Hosts matched: 32, not matched: 1/);
    await expect
      .poll(() => page.getByTestId("things").locator("tbody tr").first().textContent())
      .toMatch(/rack-\d.*W.*±/);
    await expect
      .poll(() => page.getByTestId("beside").textContent(), { timeout: 60_000 })
      .toMatch(/silent hosts \(1\): gpu6/);
    await page.getByTestId("outlook").locator("canvas").waitFor();
    await shot("live-data-dark");
  });

  it("answers what if a thing fails now, and leaves the present by a fork", async () => {
    await go("/data?tab=live&sel=hall-0/row-0/rack-2");
    await page.getByRole("button", { name: "What if hall-0/row-0/rack-2 fails now?" }).click();
    const answer = page.getByTestId("answer");
    await answer.waitFor();
    expect(await answer.textContent()).toMatch(/IT \d.*kW at once.*racks down: 1.*Answered in \d+(\.\d+)?\sms/);
    await shot("live-outlook-dark");
    await page.getByRole("link", { name: "Floor" }).click();
    await page.getByRole("complementary").getByRole("button", { name: "Fork and fail" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Fail", exact: true }).click();
    await page.getByTestId("ghost").waitFor();
    await expect
      .poll(() => page.locator(".caption .badge").allTextContents())
      .toContainEqual(expect.stringContaining("FORK"));
    await shot("live-fork-dark");
    await page.getByRole("button", { name: "Drop the fork" }).click();
    await expect
      .poll(() => page.locator(".caption .badge").allTextContents())
      .toContainEqual(expect.stringContaining("LIVE"));
  });

  it("says it in Chinese, on a light page and on a phone", async () => {
    await go("/data?tab=live", { locale: "zh-CN", colorScheme: "light" });
    await page.getByTestId("sources").getByText("数据源").waitFor();
    await page.getByTestId("mapping").getByText("映射").waitFor();
    await shot("live-data-zh-light");
    await context.close();
    await go("/data?tab=live", { viewport: { width: 390, height: 844 }, colorScheme: "light" });
    await page.getByTestId("sources").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await shot("live-phone-light");
  });

  it("raises an alarm when a thing drifts away from its model", async () => {
    await go("/data?tab=live");
    await expect
      .poll(() => page.getByTestId("alarms").textContent(), { timeout: 120_000 })
      .toMatch(/gpu-3.*gpu\.power/);
    await shot("live-alarm-dark");
    await page.getByTestId("beside").getByText("drift alarms").waitFor();
  });
});
