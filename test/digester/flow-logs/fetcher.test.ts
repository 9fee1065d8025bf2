import { appendFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { Fetcher } from "../../../src/digester/flow-logs/fetcher.js";
import type { FetcherOptions } from "../../../src/digester/flow-logs/fetch-task.js";
import { directoryOf } from "./digesting.js";

const NEVER = new AbortController().signal;
/** As many as need several messages to come in. */
const COUNT = 200;
const contentOf = (n: number) => Buffer.from(`${n}\n`.repeat(10_000));

const fetcher = startFetcher();
const slow = startFetcher({ slowMs: 0 });
afterAll(() => Promise.all([fetcher.close(), slow.close()]));

function startFetcher(options: FetcherOptions = {}): Fetcher {
  const started = new Fetcher(options);
  started.start();
  return started;
}

/** Files, every other one packed. */
function files(): { readonly path: string; readonly size: number }[] {
  const contents = Array.from({ length: COUNT }, (_, n): [string, Buffer] => [
    `${n}`,
    n % 2 === 0 ? gzipSync(contentOf(n)) : contentOf(n),
  ]);
  const directory = directoryOf(Object.fromEntries(contents));
  return contents.map(([name, bytes]) => ({ path: join(directory, name), size: bytes.length }));
}

test.each([
  ["quick", fetcher],
  ["slow", slow],
])("each gets its file of a %s disk, without gzip, however memory is used again", async (_, reader) => {
  const all = files();
  for (let round = 0; round < 3; round++) {
    const reading = all.map(async ({ path, size }, n) => {
      const bytes = await reader.read(path, size, NEVER);
      expect(bytes?.equals(contentOf(n))).toBe(true);
      if (bytes !== undefined && n % 3 < 2) reader.release(bytes);
    });
    await Promise.all(reading);
  }
});

test("bytes that were let go of are gone, not others", async () => {
  const path = join(directoryOf({ one: contentOf(0) }), "one");
  const one = { path, size: contentOf(0).length };
  const bytes = await fetcher.read(one.path, one.size, NEVER);
  expect(bytes).toEqual(contentOf(0));
  if (bytes !== undefined) fetcher.release(bytes);
  if (bytes !== undefined) fetcher.release(bytes);
  const again = await Promise.all([1, 2].map(() => fetcher.read(one.path, one.size, NEVER)));
  expect(again).toEqual([contentOf(0), contentOf(0)]);
  expect(bytes).toHaveLength(0);
});

test("what expands to more than is expanded at once, or isn't whole, stays as it is", async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const cut = gzipSync(contentOf(0)).subarray(0, -5);
  const directory = directoryOf({ bomb, cut });
  expect((await fetcher.read(join(directory, "bomb"), bomb.length, NEVER))?.equals(bomb)).toBe(true);
  expect(await fetcher.read(join(directory, "cut"), cut.length, NEVER)).toEqual(cut);
});

test("what isn't there or has another size by now isn't fetched, and keeps nobody from theirs", async () => {
  const directory = directoryOf({ grown: "a", shrunk: "abc", empty: "", good: "good" });
  appendFileSync(join(directory, "grown"), "b");
  writeFileSync(join(directory, "shrunk"), "a");
  const wanted: [string, number][] = [
    ["missing", 1],
    ["grown", 1],
    ["shrunk", 3],
    ["empty", 0],
    ["good", 4],
  ];
  const read = await Promise.all(
    wanted.map(([name, size]) => fetcher.read(join(directory, name), size, NEVER)),
  );
  expect(read.map((bytes) => bytes?.toString())).toEqual([undefined, undefined, undefined, "", "good"]);
});

test("sizes, times and numbers are the files'", async () => {
  const paths = [join(directoryOf({ a: "abc" }), "a"), "/nowhere"];
  const { size, mtimeMs, ino } = statSync(paths[0] ?? "");
  const stats = await fetcher.stat(paths, NEVER);
  expect([...(stats ?? [])]).toEqual([size, mtimeMs, ino, NaN, NaN, NaN]);
});

test("nobody waits once the signal has aborted, or the thread has ended", async () => {
  const fetcher = startFetcher();
  const path = join(directoryOf({ one: contentOf(0) }), "one");
  const one = { path, size: contentOf(0).length };
  const aborted = new AbortController();
  const ended = [fetcher.read(one.path, one.size, aborted.signal), fetcher.stat([one.path], aborted.signal)];
  const others = fetcher.read(one.path, one.size, NEVER);
  aborted.abort();
  expect(await Promise.all(ended)).toEqual([undefined, undefined]);
  expect(await fetcher.read(one.path, one.size, aborted.signal)).toBeUndefined();
  expect(await others).toEqual(contentOf(0));
  const last = fetcher.read(one.path, one.size, NEVER);
  await fetcher.close();
  expect(await last).toBeUndefined();
  expect(fetcher.isRunning).toBe(false);
  expect(await fetcher.read(one.path, one.size, NEVER)).toBeUndefined();
  fetcher.start();
  expect(fetcher.isRunning).toBe(false);
});

test("before it is started nothing is fetched", async () => {
  const fetcher = new Fetcher();
  expect(await fetcher.read("/etc/hostname", 1, NEVER)).toBeUndefined();
  expect(await fetcher.stat(["/"], NEVER)).toBeUndefined();
});
