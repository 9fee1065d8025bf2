import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { DependencyError } from "../../../src/errors.js";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import { digesterOf, directoryOf } from "./digesting.js";

const SAMPLE = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "spill-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function digest(directory: string, window: TimeWindow, keysInMemory: number, spillDirectory?: string) {
  const digester = digesterOf(directory, { keysInMemory, spillDirectory });
  const digest = await digester.digest(window, new AbortController().signal);
  return { digest: await text(bodyOf(digest)), counts: digest.counts };
}

test("the digest is the same, byte for byte, however little is kept in memory", async () => {
  const whole = await digest("test/fixtures/flow-logs", SAMPLE, 1_000_000);
  expect(whole.counts).toMatchObject({ spilledRows: 0 });
  const spillDirectory = temporaryDirectory();
  for (const keysInMemory of [1, 50, 200]) {
    const spilled = await digest("test/fixtures/flow-logs", SAMPLE, keysInMemory, spillDirectory);
    expect(spilled.counts?.["spilledRows"]).toBeGreaterThan(whole.counts?.["keys"] ?? 0);
    expect(spilled.counts).toEqual({ ...whole.counts, spilledRows: spilled.counts?.["spilledRows"] });
    expect(spilled.digest).toBe(whole.digest);
  }
  expect(readdirSync(spillDirectory)).toEqual([]);
});

test("sums beyond 2^53 survive", async () => {
  const record = fc.record({
    port: fc.integer({ min: 1, max: 3 }),
    packets: fc.bigInt({ min: 0n, max: 2n ** 57n }),
    more: fc.bigInt({ min: 0n, max: 2n ** 57n }),
  });
  const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 30 }), async (records) => {
      const files = records.map(({ port, packets, more }, index) => [
        `${index}.log`,
        `2 1 eni-1 10.0.0.1 10.0.0.2 40000 ${port} 6 ${packets} ${packets + more} 1418530010 1418530070 ACCEPT OK\n`,
      ]);
      const directory = directoryOf({ "empty.log": "", ...Object.fromEntries(files) });
      const spilled = await digest(directory, window, 1);
      expect(spilled.digest).toBe((await digest(directory, window, 1000)).digest);
      const expected = new Map<string, [bigint, bigint]>();
      for (const { port, packets, more } of records) {
        const [p, b] = expected.get(String(port)) ?? [0n, 0n];
        expected.set(String(port), [p + packets, b + packets + more]);
      }
      const lines = spilled.digest
        .split("\n")
        .slice(0, -1)
        .map((line) => line.split(" "));
      const sums = lines.map((line) => [line[6], [BigInt(line[8] ?? ""), BigInt(line[9] ?? "")]] as const);
      expect(new Map<unknown, unknown>(sums)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("a directory that can't be written to fails the digest, and says why", async () => {
  const failed = digest("test/fixtures/flow-logs", SAMPLE, 1, "/nowhere/at/all");
  await expect(failed).rejects.toThrow(DependencyError);
  await expect(failed).rejects.toThrow(/temporary file: .*\/nowhere\/at\/all/);
});
