import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { DirectorySource } from "../../../src/digester/flow-logs/directory.js";
import { TimeWindow } from "../../../src/window.js";
import { digest, directoryOf } from "./digesting.js";

const window = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");
const never = new AbortController().signal;

test("names that aren't UTF-8 are opened by their bytes, and shown so that they can be told apart", async () => {
  const directory = directoryOf({ "caf\u00e9.log": "UTF-8" });
  const below = (...bytes: number[]) => Buffer.concat([Buffer.from(`${directory}/caf`), Buffer.of(...bytes)]);
  mkdirSync(below(0xe8));
  writeFileSync(Buffer.concat([below(0xe8), Buffer.from("/x.log")]), "in a folder");
  writeFileSync(below(0xe9), "Latin-1");
  writeFileSync(below(0xea), "another");
  const { objects } = await new DirectorySource(directory).list({ window }, never);
  const contents = objects.map(async (object) => [object.key, String(await buffer(object.open(never)))]);
  expect(Object.fromEntries(await Promise.all(contents))).toEqual({
    "caf\u00e9.log": "UTF-8",
    "caf\\xE8/x.log": "in a folder",
    "caf\\xE9": "Latin-1",
    "caf\\xEA": "another",
  });
});

test.each(["denied.log", "denied"])("%s that may not be read is named, with what to do", async (name) => {
  const directory = directoryOf({ "good.log": "", "denied.log": "x", "denied/x.log": "x" });
  chmodSync(directory, 0o755);
  chmodSync(`${directory}/${name}`, 0);
  // Root may read everything.
  if (process.getuid?.() === 0) {
    process.seteuid?.(65_534);
    onTestFinished(() => process.seteuid?.(0));
  }
  const failed = digest(directory);
  await expect(failed).rejects.toMatchObject({ dependency: "digester", obstacle: "access" });
  await expect(failed).rejects.toThrow(new RegExp(`${name}: EACCES: .*FLOW_LOG_EXCLUDE`));
});
