import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { streamOf } from "../../../src/digester/flow-logs/body.js";
import { prefetch } from "../../../src/digester/flow-logs/prefetch.js";
import { PARQUET_WHOLE_BYTES, type LogObject } from "../../../src/digester/flow-logs/source.js";
import { watchResources } from "../../support/resources.js";

const CHUNK = 1024;
const AHEAD = 8 * CHUNK;

/** Objects that tell how much of each was asked for. */
class Objects {
  readonly opened: number[] = [];
  readonly closed = new Set<number>();
  readonly given = new Map<number, number>();
  readonly list: LogObject[];

  readonly #chunks: number;

  constructor(count: number, chunks: number, more: Partial<LogObject> = {}) {
    this.#chunks = chunks;
    this.list = Array.from({ length: count }, (_, index) => ({
      key: `${index}`,
      format: "text",
      named: "aws",
      account: undefined,
      version: "1",
      size: chunks * CHUNK,
      open: (signal) => {
        this.opened.push(index);
        return streamOf(() => this.#bytes(index), signal, AHEAD);
      },
      ...more,
    }));
  }

  async *#bytes(index: number): AsyncGenerator<Buffer> {
    try {
      for (let n = 1; n <= this.#chunks; n++) {
        this.given.set(index, n * CHUNK);
        yield Buffer.alloc(CHUNK, index);
      }
    } finally {
      this.closed.add(index);
    }
  }
}

const NEVER = new AbortController().signal;

test("objects come in their order, and so many are opened ahead", async () => {
  const objects = new Objects(10, 2);
  const keys: string[] = [];
  for await (const { object } of prefetch(objects.list, 4, NEVER)) {
    expect(objects.opened).toHaveLength(Math.min(10, keys.length + 4));
    keys.push(object.key);
    expect(await buffer(object.open(NEVER))).toEqual(Buffer.alloc(2 * CHUNK, Number(object.key)));
  }
  expect(keys).toEqual(objects.list.map(({ key }) => key));
  expect(objects.opened).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("those ahead hold no more than they may, and the one that is read doesn't wait for them", async () => {
  const objects = new Objects(3, 5000);
  for await (const { object } of prefetch(objects.list, 3, NEVER)) {
    expect(await buffer(object.open(NEVER))).toHaveLength(5000 * CHUNK);
    if (object.key !== "0") continue;
    await expect.poll(() => objects.given.get(2)).toBeGreaterThanOrEqual(AHEAD);
    // The PassThrough's other side and the generator's own chunk come on top.
    for (const index of [1, 2]) expect(objects.given.get(index)).toBeLessThan(AHEAD + 70 * CHUNK);
  }
});

test("all are closed when the reader stops, and those that it passes over", async () => {
  const nothingLeft = watchResources();
  const objects = new Objects(5, 5000);
  for await (const { object } of prefetch(objects.list, 3, NEVER)) {
    if (object.key === "1") break;
  }
  expect(objects.opened).toEqual([0, 1, 2, 3]);
  await expect.poll(() => objects.closed).toEqual(new Set([0, 1, 2, 3]));
  await nothingLeft();
});

async function* failing(reason: Error): AsyncGenerator<Buffer> {
  yield Buffer.alloc(1);
  throw reason;
}

test("a failure ahead of the reader waits for its turn", async () => {
  const { list } = new Objects(2, 2);
  const reason = new Error("gone");
  const broken: LogObject = {
    key: "broken",
    format: "text",
    named: "aws",
    account: undefined,
    version: "1",
    size: 10,
    open: (signal) => streamOf(() => failing(reason), signal),
  };
  const keys: string[] = [];
  const reading = async () => {
    for await (const { object } of prefetch([...list, broken], 3, NEVER)) {
      // Time for the failure to happen.
      await new Promise(setImmediate);
      await buffer(object.open(NEVER));
      keys.push(object.key);
    }
  };
  await expect(reading()).rejects.toBe(reason);
  expect(keys).toEqual(["0", "1"]);
});

test("an abort while all is fetched and nobody reads ends the streams and nothing else", async () => {
  const controller = new AbortController();
  const objects = new Objects(2, 2);
  for await (const { object } of prefetch(objects.list, 2, controller.signal)) {
    await expect.poll(() => objects.closed.size).toBe(2);
    controller.abort(new Error("stopping"));
    await expect(buffer(object.open(NEVER))).rejects.toThrow("stopping");
    break;
  }
});

test("large Parquet files aren't fetched ahead: their reader picks ranges", async () => {
  const ranges: unknown[] = [];
  const open: LogObject["open"] = (_, range) => {
    ranges.push(range);
    return Readable.from([]);
  };
  for (const size of [PARQUET_WHOLE_BYTES, PARQUET_WHOLE_BYTES + 1]) {
    const { list } = new Objects(1, 1, { format: "parquet", size, open });
    for await (const { object } of prefetch(list, 8, NEVER)) object.open(NEVER, { start: 1, end: 2 });
  }
  expect(ranges).toEqual([undefined, { start: 1, end: 2 }, { start: 1, end: 2 }]);
});
