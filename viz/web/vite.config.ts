import { defineConfig } from "vite";

// The server's content security policy allows files of its own only, so nothing is inlined: no script, style, font or
// picture ends up as text in a page.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:7070", ws: true } } },
});
