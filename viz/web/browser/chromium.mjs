// Chromium for the tests: Debian's, or one that Playwright installed, or the one that $CHROMIUM names.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const missing =
  "No Chromium was found. Install one with `apt-get install chromium` or `npx playwright-core install chromium`, or name one in $CHROMIUM.";

export function findChromium() {
  const known = [
    process.env.CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  const found = known.find((p) => p && existsSync(p));
  if (found) return found;
  const own = chromium.executablePath();
  return own && existsSync(own) ? own : null;
}

/** Software WebGL2, no network of its own, a fresh profile. */
export function launch() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(missing);
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--font-render-hinting=none",
    ],
  });
}
