// Before the browser tests: a run of the demonstration scenario, recorded by the binary under test.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { findChromium, missing } from "./chromium.mjs";

export default function setup(project: TestProject) {
  const chromium = findChromium();
  if (!chromium) {
    console.warn(`\n⚠ The browser tests are SKIPPED. ${missing}\n`);
    project.provide("skip", missing);
    return;
  }
  const binary = process.env.HALLTWIN ?? resolve(import.meta.dirname, "../../../halltwin");
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run make build first`);
  const dir = mkdtempSync(join(tmpdir(), "halltwin-browser-"));
  const runs = join(dir, "runs");
  const record = (name: string, scenario: string, ...more: string[]) =>
    execFileSync(binary, ["run", scenario, "--quiet", "--exit-zero", "--out", join(runs, name), ...more], { cwd: dir });
  const own = (name: string) => join(import.meta.dirname, name);
  record("markup", own("markup.yaml"));
  record("plain", "first-run");
  record("demo", own("demo.yaml"));
  record("warm", own("demo.yaml"), "--set", "site.air.supply=26 degC");
  project.provide("skip", "");
  project.provide("binary", binary);
  project.provide("dir", dir);
  return () => rmSync(dir, { recursive: true, force: true });
}

declare module "vitest" {
  export interface ProvidedContext {
    skip: string;
    binary: string;
    dir: string;
  }
}
