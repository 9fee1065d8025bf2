import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL(".", import.meta.url));

const tests = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /^contract\/.*\.ts$|\.test\.ts$/.test(path) && path !== "waiting.test.ts")
    .map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

/** Where sleeping is the point: kills at any moment, a wait that has to be aborted, a job longer than a hook may be. */
const SLEEPERS = [
  "digester/flow-logs/in-parallel.test.ts",
  "http/slow-modules.test.ts",
  "marker/disk-race.test.ts",
  "process/kills.test.ts",
  "storage/disk-crash.test.ts",
  "worker/make-graph-crash.test.ts",
];

test("the tests are found", () => {
  expect(tests.size).toBeGreaterThan(60);
  expect(tests.has("contract/storage.ts")).toBe(true);
});

test.for<[rule: string, breach: RegExp, except?: readonly string[]]>([
  ["what isn't there at once is waited for with expect.poll or eventually()", /\bvi\.wait(?:For|Until)\(/],
  ["nobody sets a deadline of his own: vitest.config.ts does", /\btimeout: ?\d|^\}, [\d_]+\);$/m],
  ["nothing asserts that little time passed", /^(?!.*\.poll\().*\.now\(\) - .*\.toBeLessThan/m],
  ["no test is tried again", /\bretry: ?\d/],
  ["nobody sleeps for luck", /setTimeout\b.* from "node:timers\/promises"|=> setTimeout\(/, SLEEPERS],
])("%s", ([, breach, except = []]) => {
  const found = [...tests].filter(([path, text]) => breach.test(text) && !except.includes(path));
  expect(found.map(([path]) => path)).toEqual([]);
});
