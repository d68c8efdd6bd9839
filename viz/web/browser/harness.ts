// What the browser tests share: a server of the binary under test, and pages that fail a test on any error in them.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { inject } from "vitest";
import { launch } from "./chromium.mjs";

export const skipped = inject("skip");

export interface Served {
  url: string;
  stop: () => void;
}

export function listen(args: string[]): Promise<Served> {
  const child: ChildProcess = spawn(inject("binary"), args, { cwd: inject("dir"), stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((done, fail) => {
    let said = "";
    const read = (d: Buffer) => {
      said += d.toString();
      const m = /https?:\/\/127\.0\.0\.1:\d+(?=\/?[\s(])/.exec(said);
      if (m) done({ url: m[0], stop: () => child.kill("SIGINT") });
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("exit", (code) => fail(new Error(`halltwin ${args.join(" ")} ended with ${code}: ${said}`)));
  });
}

export const serve = (...more: string[]) =>
  listen(["serve", join(inject("dir"), "runs"), "--listen", "127.0.0.1:0", ...more]);

/** The demonstration scenario, living in the browser, waiting for somebody to let it go. */
export const live = () =>
  listen([
    "run",
    join(import.meta.dirname, "demo.yaml"),
    "--view",
    "--paused",
    "--speed",
    "1200",
    "--listen",
    "127.0.0.1:0",
    "--exit-zero",
    "--replace",
    "--out",
    join(inject("dir"), "live"),
  ]);

let browser: Browser | undefined;

export async function open(
  url: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ page: Page; context: BrowserContext; problems: string[] }> {
  const chromium = browser ?? (await launch());
  browser = chromium;
  const context = await chromium.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
    locale: "en-GB",
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (e) => problems.push(String(e.stack ?? e)));
  page.on("console", (m) => m.type() === "error" && problems.push(m.text()));
  page.on("request", (r) => {
    if (!r.url().startsWith(new URL(url).origin) && !/^(data|blob):/.test(r.url()))
      problems.push(`asks a third party: ${r.url()}`);
  });
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  return { page, context, problems };
}

export async function finish(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** The clock of the transport, in seconds. */
export async function clock(page: Page): Promise<number> {
  const text = (await page.getByTestId("clock").textContent()) ?? "";
  const [h, m, s] = text.split(":").map(Number);
  return h! * 3600 + m! * 60 + s!;
}

/** A figure of the bar above, by its name, once it is known. */
export async function figure(page: Page, name: string): Promise<number> {
  const place = page.locator(".kpi", { hasText: name }).locator(".figure").filter({ hasText: /\d/ });
  return Number.parseFloat(((await place.textContent()) ?? "").replace(",", ""));
}

/** How many different colours a canvas shows: more than a few when it is drawn. */
export function colours(page: Page, testId: string): Promise<number> {
  return page.getByTestId(testId).evaluate((el) => {
    const canvas = el as HTMLCanvasElement;
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const c = copy.getContext("2d")!;
    c.drawImage(canvas, 0, 0);
    return new Set(new Uint32Array(c.getImageData(0, 0, copy.width, copy.height).data.buffer)).size;
  });
}
