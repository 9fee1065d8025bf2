import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { DirectorySource } from "../../../src/digester/flow-logs/directory.js";
import {
  FlowLogDigester,
  type FlowLogDigesterOptions,
} from "../../../src/digester/flow-logs/flow-log-digester.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { TimeWindow } from "../../../src/window.js";

/** A directory with these files, for as long as the test runs. */
export function directoryOf(files: Record<string, string | Uint8Array>): string {
  const directory = mkdtempSync(join(tmpdir(), "flow-logs-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** Holds every record of the fixtures. */
const EVER = TimeWindow.parse("2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z");

export function digesterOf(
  directory: string,
  options: Partial<FlowLogDigesterOptions> = {},
): FlowLogDigester {
  const source = new DirectorySource(directory);
  onTestFinished(() => source.stop());
  return new FlowLogDigester({
    source,
    format: { fields: DEFAULT_FORMAT, addresses: "interface" },
    keysInMemory: 1_000_000,
    ...options,
  });
}

export async function digest(
  directory: string,
  window = EVER,
  options: Partial<FlowLogDigesterOptions> = {},
): Promise<{ lines: string[]; counts: Readonly<Record<string, number>>; warnings: readonly string[] }> {
  const digest = await digesterOf(directory, options).digest(window, new AbortController().signal);
  const { counts, warnings } = digest;
  const lines = (await text(bodyOf(digest))).split("\n").slice(0, -1);
  return { lines: lines.toSorted(), counts: counts ?? {}, warnings: warnings ?? [] };
}
