// A server that asks who one is: over TLS, with tokens, as beyond the loopback interface.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { finish, open, type Served, serve, skipped } from "./harness";

const tokens = { viewer: "viewer-secret-of-20-letters", operator: "operator-secret-of-20-letters" };

describe.skipIf(skipped)("a guarded server", () => {
  let server: Served;
  beforeAll(async () => {
    const file = join(inject("dir"), "tokens.txt");
    writeFileSync(file, `viewer vera ${tokens.viewer}\noperator otto ${tokens.operator}\n`, { mode: 0o600 });
    server = await serve("--tls", "--tokens", file);
  });
  afterAll(async () => {
    server?.stop();
    await finish();
  });
  const enter = async (token: string) => {
    const opened = await open(`${server.url}/power?run=demo&t=57900&sel=ups-0`, { ignoreHTTPSErrors: true });
    const { page } = opened;
    await page.getByLabel("Access token").fill(token);
    await page.keyboard.press("Enter");
    return opened;
  };

  it("turns away who has no token, and says so", async () => {
    const { page, context } = await enter("not-the-token-of-anybody");
    await page.getByRole("alert").waitFor();
    expect(await page.getByTestId("clock").count()).toBe(0);
    expect((await context.cookies()).length).toBe(0);
    await context.close();
  });

  it("lets a viewer look, where the link led, and not act", async () => {
    const { page, context, problems } = await enter(tokens.viewer);
    await page.getByRole("heading", { name: "UPS 0" }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict" });
    expect(page.url()).not.toContain("secret");
    const status = await page.evaluate(() =>
      fetch("/api/runs/demo/fork", { method: "POST", headers: { "X-Halltwin": "1" }, body: "{}" }).then(
        (r) => r.status,
      ),
    );
    expect(status).toBe(403);
    await page.reload(); // the session stays
    await page.getByRole("heading", { name: "UPS 0" }).waitFor();
    expect(problems.filter((p) => !/40[13]/.test(p))).toEqual([]);
    await context.close();
  });

  it("lets an operator fork", async () => {
    const { page, context } = await enter(tokens.operator);
    await page.getByRole("complementary").getByRole("button", { name: "Fork and fail" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Fail", exact: true }).click();
    await page.getByTestId("ghost").waitFor();
    await context.close();
  });
});
