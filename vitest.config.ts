import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { DEADLINE_MS } from "./test/support/deadline.js";

/** Tests that start whole processes: most of their time they wait. */
const processes = [
  "test/process/**/*.test.ts",
  "test/**/radosgw.test.ts",
  "test/ui/**/*.test.ts",
  "test/dockerfile.test.ts",
  "test/library.test.ts",
  "test/make-sample-flow-logs.test.ts",
  "test/marker/disk-race.test.ts",
  "test/storage/disk-crash.test.ts",
  "test/telemetry/metrics.test.ts",
  "test/telemetry/secrets.test.ts",
  "test/worker/make-graph-crash.test.ts",
];

/** Of Node.js: much is made and soon forgotten by tests, and less of it is copied when there is more room for it. */
const ROOM = "--max-semi-space-size=32";

const common = {
  execArgv: [ROOM],
  // Each waits several times, and the wait that fails says more than the test that took too long.
  testTimeout: 5 * DEADLINE_MS,
  hookTimeout: 5 * DEADLINE_MS,
  // Whoever polls takes time from what he waits for.
  expect: { poll: { timeout: DEADLINE_MS, interval: 50 } },
  // Each file loads much of src: a process that runs one file after another loads it once. What a test replaces for all
  // is put back after it.
  isolate: false,
  restoreMocks: true,
  unstubGlobals: true,
};

export default defineConfig({
  test: {
    // The default is a worker less than there are cores: one, where there are two. Those who wait leave room for others.
    maxWorkers: Math.max(6, availableParallelism()),
    globalSetup: "test/support/build.ts",
    projects: [
      {
        test: {
          ...common,
          name: "processes",
          include: processes,
          setupFiles: "test/support/end-children.ts",
        },
      },
      {
        test: {
          ...common,
          name: "units",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...processes],
        },
      },
    ],
  },
});
