// What a frame of many GPUs costs: bytes on the wire, decoding, drawing, on a machine without a GPU (SwiftShader).
// Usage: npm run bench [-- GPUs]; the targets are those of the design.
import { launch } from "./chromium.mjs";
import { start } from "./fake.mjs";

const gpus = Number(process.argv[2] ?? 100_000);
const seconds = 12;
const server = await start({ gpus, every: 500 });
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`http://127.0.0.1:${server.port}/floor?run=first-run&t=36000&metric=gpu.temperature`);
await page.waitForFunction(() => window.halltwin?.traffic.bytes > 100_000);
await page.waitForTimeout(1500);
const before = server.wire();
await page.evaluate(() => {
  window.halltwin.traffic.decode.length = 0;
  for (const list of Object.values(window.halltwin.drawTimes)) list.length = 0;
  window.halltwin.traffic.bytes = 0;
  window.halltwin.traffic.frames = 0;
});
await page.getByRole("button", { name: "Play", exact: true }).click();
await page.waitForTimeout(seconds * 1000);
const after = server.wire();
const got = await page.evaluate(() => ({ ...window.halltwin.traffic, draw: window.halltwin.drawTimes }));
await browser.close();
server.close();

const at = (list, q) => [...list].sort((a, b) => a - b)[Math.floor(list.length * q)] ?? Number.NaN;
const plan = got.draw.plan;
const beats = after.beats - before.beats;
const tiles = Math.ceil((Math.ceil(gpus / 32) * 32) / 16384);
const line = (name, value, target) => console.log(`${name.padEnd(44)}${value.padStart(14)}   ${target}`);
console.log(
  `${gpus.toLocaleString("en-US")} GPUs, ${beats} frames in ${seconds} s, one metric of every GPU, 1440 × 900\n`,
);
line(
  "a frame on the wire, deflated",
  `${((after.bytes - before.bytes) / beats / 1024).toFixed(1)} KiB`,
  "about 14 KiB",
);
line("a frame inflated, codes and headers", `${(got.bytes / beats / 1024).toFixed(1)} KiB`, "JSON: 2.5 MB");
line("decode, median of a tile × tiles", `${(at(got.decode, 0.5) * tiles).toFixed(2)} ms`, "");
line("decode, 95th percentile of a tile", `${at(got.decode, 0.95).toFixed(2)} ms`, "");
line("draw the plan, median", `${at(plan, 0.5).toFixed(2)} ms`, "about 1 ms for the values");
line("draw the legend, median", `${at(got.draw.scale, 0.5).toFixed(2)} ms`, "");
line("draw the plan, 95th percentile", `${at(plan, 0.95).toFixed(2)} ms`, "a frame at 60 Hz has 16.7 ms");
