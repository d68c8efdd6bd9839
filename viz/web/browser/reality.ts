// A twin beside a site that a test plays: hosts of eight GPUs whose agents post, one of which drifts and one of which falls silent.
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { inject } from "vitest";
import { listen, type Served } from "./harness";

const site = `halltwin: v1
name: beside
site: {use: sites/h100-hall-1k, halls: [{rows: [{count: 2, racks: 4, rack: {use: hardware/rack-dgx-h100-4}}]}]}
`;
const hosts = 32;

function freePort(): Promise<number> {
  return new Promise((done) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const at = s.address();
      s.close(() => done(typeof at === "object" && at ? at.port : 0));
    });
  });
}

/** What the agents of all hosts would post now. */
function readings(round: number): string {
  const at = new Date().toISOString();
  const lines: string[] = [];
  for (let h = 0; h < hosts; h++) {
    if (h === 5 && round > 20) continue; // its agent has died
    const busy = h % 3 === 2 ? 0 : 0.6 + 0.05 * (h % 5);
    for (let g = 0; g < 8; g++) {
      const power = 95 + 480 * busy + 6 * Math.sin(round + g) + (h === 9 && g === 3 ? 260 : 0);
      const values = { power, temperature: 31 + 26 * busy + g / 4, utilisation: busy };
      const device = {
        kind: "gpu",
        index: g,
        key: `GPU-${h}-${g}`,
        host: `gpu${h + 1}`,
        model: "NVIDIA H100 80GB HBM3",
      };
      lines.push(JSON.stringify({ at, device, values }));
    }
  }
  lines.push(
    JSON.stringify({ at, device: { kind: "gpu", index: 0, key: "GPU-x", host: "gpu1" }, values: { power: 1 } }),
    JSON.stringify({
      at,
      device: { kind: "gpu", index: 1, key: "GPU-y", host: "gpu99" },
      values: { temperature: 214748364.7 },
    }),
  );
  return `${lines.join("\n")}\n`;
}

/** Begins such a twin, and posts to it twice a second until it is stopped. */
export async function beside(): Promise<Served> {
  const file = join(inject("dir"), "beside.yaml");
  writeFileSync(file, site);
  const port = await freePort();
  const served = await listen([
    "live",
    file,
    "--source",
    `agents=127.0.0.1:${port}`,
    "--listen",
    "127.0.0.1:0",
    "--quiet",
  ]);
  let round = 0;
  const timer = setInterval(() => {
    fetch(`http://127.0.0.1:${port}/readings`, { method: "POST", body: readings(round++) }).catch(() => {});
  }, 500);
  return {
    url: served.url,
    stop: () => {
      clearInterval(timer);
      served.stop();
    },
  };
}
