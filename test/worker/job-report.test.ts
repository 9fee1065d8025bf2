import { expect, test } from "vitest";
import type { Digest } from "../../src/digester/digester.js";
import { createLogger } from "../../src/telemetry/log.js";
import { noStats } from "../../src/telemetry/stats.js";
import { TimeWindow } from "../../src/window.js";
import { JobReport } from "../../src/worker/job-report.js";

const window = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");
const graph = {
  edges: 1,
  nodes: 2,
  rejected: 0,
  nodata: 0,
  skipdata: 0,
  bytes: 100,
  digestBytes: 90,
  gzipBytes: 50,
};

/** The events that the end of a job gives. */
function events(digest: Pick<Digest, "counts" | "warnings">): Record<string, unknown>[] {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const settings = { RUNTIME_LOGGER_OUTPUT: "STDOUT", RUNTIME_LOGGER_LEVEL: "INFO" } as const;
  const report = new JobReport(createLogger(settings, { destination }), noStats);
  report.finished({ window, refresh: false, claim: "token" }, 5, graph, digest);
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

test("each warning of a digest is an event of the job, beside its counts", () => {
  const [first, second, last, ...more] = events({
    counts: { files: 3, foreignFiles: 2 },
    warnings: ["2 files were passed over", "1 file was there twice"],
  });
  expect(first).toMatchObject({
    level: "warn",
    message: "digest-warning",
    graphId: window.id,
    start: window.start,
    reason: "2 files were passed over",
  });
  expect(second).toMatchObject({ message: "digest-warning", reason: "1 file was there twice" });
  expect(last).toMatchObject({ message: "job-finished", files: 3, foreignFiles: 2 });
  expect(more).toEqual([]);
});

test("a digest that says nothing of itself gives the job's end alone", () => {
  expect(events({}).map(({ message }) => message)).toEqual(["job-finished"]);
});
