import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";

function contents(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".gz"),
  );
  // Versions of zlib compress differently.
  return new Map(
    names.toSorted().map((name) => [name, gunzipSync(readFileSync(join(directory, name))).toString()]),
  );
}

test("the sample flow logs are what their script makes", () => {
  const directory = mkdtempSync(join(tmpdir(), "sample-flow-logs-"));
  try {
    execFileSync(process.execPath, ["--import", "tsx", "test/make-sample-flow-logs.ts", directory]);
    const sample = contents("test/fixtures/flow-logs");
    expect(sample.size).toBe(48);
    expect(contents(directory)).toEqual(sample);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
