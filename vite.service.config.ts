import { defineConfig } from "vite";

/**
 * Builds the service, its library and its threads: each one file, with what they share in others. To load our modules one by
 * one takes a third of a start. Libraries stay what `npm ci` installs.
 */
export default defineConfig({
  logLevel: "warn",
  build: {
    ssr: true,
    target: "node20",
    outDir: "dist",
    // The page and the kernels are there already.
    emptyOutDir: false,
    rolldownOptions: {
      input: {
        main: "src/main.ts",
        index: "src/index.ts",
        "answer-thread": "src/answer/thread.ts",
        "digest-thread": "src/digester/in-thread/thread.ts",
        "fetch-thread": "src/digester/flow-logs/fetch-thread.ts",
      },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    },
  },
});
