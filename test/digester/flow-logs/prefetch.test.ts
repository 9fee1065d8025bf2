import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { streamOf } from "../../../src/digester/flow-logs/body.js";
import { prefetch } from "../../../src/digester/flow-logs/prefetch.js";
import { PARQUET_WHOLE_BYTES, SMALL_BYTES, type LogObject } from "../../../src/digester/flow-logs/source.js";
import { watchResources } from "../../support/resources.js";

const CHUNK = 1024;
const AHEAD = 8 * CHUNK;

/** Objects that tell how much of each was asked for. Their size is what a listing said of them. */
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
      size: SMALL_BYTES + chunks * CHUNK,
      read: () => Promise.reject(new Error("not to be held")),
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

test("objects come in their order, and so many are opened ahead, as soon as half of these were read", async () => {
  const objects = new Objects(10, 2);
  const keys: string[] = [];
  for await (const { object } of prefetch(objects.list, 4, NEVER)) {
    expect(objects.opened).toHaveLength(Math.min(10, 4 + 3 * Math.floor(keys.length / 3)));
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
  expect(objects.opened).toEqual([0, 1, 2]);
  await expect.poll(() => objects.closed).toEqual(new Set([0, 1, 2]));
  await nothingLeft();
});

async function* failing(reason: Error): AsyncGenerator<Buffer> {
  yield Buffer.alloc(1);
  throw reason;
}

test.each([
  ["small", 10],
  ["large", SMALL_BYTES + 1],
])("a failure of a %s one ahead of the reader waits for its turn", async (_, size) => {
  const reason = new Error("gone");
  const { list } = new Objects(2, 2);
  const [broken] = new Objects(1, 1, {
    key: "broken",
    size,
    open: (signal) => streamOf(() => failing(reason), signal),
    read: () => Promise.reject(reason),
  }).list;
  if (broken === undefined) throw new RangeError("expected one object");
  const keys: string[] = [];
  const reading = async () => {
    for await (const { object } of prefetch([...list, broken], 3, NEVER)) {
      // Time for the failure to happen.
      await new Promise(setImmediate);
      await (object.size > SMALL_BYTES ? buffer(object.open(NEVER)) : object.read(NEVER));
      keys.push(object.key);
    }
  };
  await expect(reading()).rejects.toBe(reason);
  expect(keys).toEqual(["0", "1"]);
});

function notToBeOpened(): never {
  throw new Error("not to be opened");
}

test("small objects are read whole, so many ahead and no more, and never opened", async () => {
  const begun: number[] = [];
  const list = Array.from({ length: 40 }, (_, n) => {
    const read = async () => {
      begun.push(n);
      return Buffer.of(n);
    };
    return new Objects(1, 1, { key: `${n}`, size: SMALL_BYTES, read, open: notToBeOpened }).list;
  }).flat();
  let taken = 0;
  for await (const { object } of prefetch(list, 16, NEVER)) {
    await new Promise(setImmediate);
    expect(begun).toHaveLength(Math.min(40, 16 + 9 * Math.floor(taken / 9)));
    expect(await object.read(NEVER)).toEqual(Buffer.of(taken));
    expect(object.key).toBe(`${taken++}`);
  }
  expect(taken).toBe(40);
});

test("of tiny objects four times as many are read ahead, except where they have to be looked at", async () => {
  const looked: string[] = [];
  const begun: string[] = [];
  const list = Array.from({ length: 300 }, (_, n) => {
    const key = `${n}`;
    const read = async () => {
      begun.push(key);
      return Buffer.of(0);
    };
    return new Objects(1, 1, { key, size: 1024, read }).list;
  }).flat();
  const look = (object: LogObject) => {
    looked.push(object.key);
    return Promise.resolve({ verdict: "maybe", object } as const);
  };
  for (const [looking, count] of [
    [undefined, 64],
    [look, 16],
  ] as const) {
    begun.splice(0);
    for await (const { object } of prefetch(list, 16, NEVER, looking)) {
      await new Promise(setImmediate);
      expect(begun).toHaveLength(count);
      expect(object.key).toBe("0");
      break;
    }
  }
  expect(looked).toHaveLength(32);
});

test("what was read is let go of when the next one is asked for, and not where its reader broke off", async () => {
  const released: string[] = [];
  const release = (bytes: Buffer) => void released.push(String(bytes));
  const list = Array.from({ length: 40 }, (_, n) => {
    const read = () => Promise.resolve(Buffer.from(`${n}`));
    return new Objects(1, 1, { key: `${n}`, size: SMALL_BYTES, read, release }).list;
  }).flat();
  for await (const { object } of prefetch(list, 16, NEVER)) {
    await new Promise(setImmediate);
    expect(released).toEqual(Array.from({ length: Number(object.key) }, (_, n) => `${n}`));
    if (object.key === "30") break;
  }
  await new Promise(setImmediate);
  expect(released).toHaveLength(30);
});

test.each(["aborted", "left"])("what is being read ahead ends when the reader has %s", async (how) => {
  const controller = new AbortController();
  const ends = new Set<number>();
  const list = Array.from({ length: 40 }, (_, n) => {
    const read = (signal: AbortSignal) =>
      new Promise<Buffer>((resolve, reject) => {
        if (n === 0) resolve(Buffer.alloc(0));
        signal.addEventListener("abort", () => {
          ends.add(n);
          reject(new Error("ended"));
        });
      });
    return new Objects(1, 1, { key: `${n}`, size: SMALL_BYTES, read }).list;
  }).flat();
  for await (const { object } of prefetch(list, 16, controller.signal)) {
    await object.read(NEVER);
    if (how === "aborted") {
      controller.abort();
      await expect.poll(() => ends.size).toBe(16);
    }
    break;
  }
  expect(ends.size).toBe(16);
});

test("as many as are ahead may listen to one signal", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  try {
    const objects = new Objects(40, 2);
    for await (const { object } of prefetch(objects.list, 32, NEVER)) await buffer(object.open(NEVER));
    // Warnings are given out in a turn of their own.
    await new Promise(setImmediate);
  } finally {
    process.off("warning", listen);
  }
  expect(warnings).toEqual([]);
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
