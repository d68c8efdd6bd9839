// Packs every file of the build and holds the first load, everything that index.html and its first scripts ask for
// before a person does something, to its budget. The 3D view, charts and the other views come later, on demand.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

const dist = new URL("../dist", import.meta.url).pathname;
const budget = 120 * 1024;

const packed = new Map();
for (const e of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!e.isFile() || !/\.(js|css|html|svg)$/.test(e.name)) continue;
  const path = join(e.parentPath, e.name);
  const gz = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION });
  writeFileSync(`${path}.gz`, gz);
  packed.set(path.slice(dist.length + 1), gz.length);
}

// What the page names, and what those scripts import without being asked.
const first = new Set(["index.html", "favicon.svg"]);
const follow = (name) => {
  if (first.has(name) || !packed.has(name)) return;
  first.add(name);
  for (const [, , to] of readFileSync(join(dist, name), "utf8").matchAll(/(import|from)\s*["']\.\/([\w.-]+)["']/g))
    follow(`assets/${to}`);
};
for (const [, name] of readFileSync(join(dist, "index.html"), "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g))
  follow(name);

const sum = (names) => [...names].reduce((n, x) => n + (packed.get(x) ?? 0), 0);
const kib = (n) => `${(n / 1024).toFixed(1)} KiB`;
const total = sum(first);
console.log(`first load ${kib(total)} gzip of ${kib(budget)}; everything ${kib(sum(packed.keys()))}`);
if (total > budget) {
  for (const name of first) console.error(`  ${kib(packed.get(name) ?? 0)}  ${name}`);
  process.exit(1);
}
