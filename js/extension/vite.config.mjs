// How the pages of the extension are built. `build.mjs` says for which browser and in which words.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The icons are in each page's document: `<use>` reaches nothing outside it. */
const icons = () => ({
  name: "icons",
  transformIndexHtml: {
    order: "pre",
    handler: (html) => {
      if (!html.includes("<!-- icons -->")) throw new Error("a page lacks the place of its icons");
      return html.replace("<!-- icons -->", readFileSync(here("src/icons.svg"), "utf8").trim());
    },
  },
});

export default defineConfig({
  root: here("."),
  base: "./",
  publicDir: false,
  clearScreen: false,
  logLevel: "warn",
  plugins: [icons()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: ["chrome123", "firefox128"],
    modulePreload: false,
    emptyOutDir: true,
    reportCompressedSize: false,
    rollupOptions: {
      input: { panel: here("panel.html"), options: here("options.html"), worker: here("src/worker.ts") },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
});
