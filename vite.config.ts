import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Builds the page. The service serves it at /ui. */
export default defineConfig({
  root: path("src/ui"),
  base: "/ui/",
  logLevel: "warn",
  build: {
    // Not dist/ui, so that what runs from src finds none rather than the page's sources.
    outDir: path("dist/page"),
    emptyOutDir: true,
    target: "es2023",
    // The page's policy takes no `data:` but for images, and its modules need no polyfill.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
