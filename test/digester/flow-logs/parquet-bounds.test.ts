import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PageExpander } from "../../../src/digester/flow-logs/parquet-codecs.js";
import { readFooter } from "../../../src/parquet/footer.js";
import { ColumnPages } from "../../../src/digester/flow-logs/parquet-pages.js";
import { readDeltas } from "../../../src/digester/flow-logs/parquet-deltas.js";
import { readValues } from "../../../src/digester/flow-logs/parquet-values.js";
import { readParquet } from "../../../src/digester/flow-logs/read-parquet.js";
import { ColumnMemory } from "../../../src/parquet/column-memory.js";
import { DecodedColumn } from "../../../src/parquet/decoded-column.js";
import { checkThrift } from "../../../src/parquet/thrift-bounds.js";
import { CorruptInputError } from "../../../src/errors.js";
import { RecordIntake } from "../../../src/flow-log/record.js";
import { viewOf } from "../../../src/flow-log/data-view.js";
import { parquetOf, select } from "./parquet-files.js";

function readerOf(...bytes: number[]): { view: DataView<ArrayBuffer>; offset: number } {
  return { view: new DataView(Uint8Array.from(bytes).buffer), offset: 0 };
}

/** A number as Parquet's headers have it. */
function varInt(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varInt(Math.floor(value / 128))];
}

const int = (value: number): number[] => varInt(2 * value);
const HUGE = 2 ** 30;

describe("of what is claimed and isn't there nothing is allocated:", () => {
  test.each([
    ["a list of a billion", [0x19, 0xfc, ...varInt(HUGE)]],
    ["lists in lists of millions", [0x19, 0xf9, ...varInt(2 ** 25), 0xf9, ...varInt(2 ** 25)]],
    ["a text of a billion bytes", [0x18, ...varInt(HUGE)]],
    ["a number without end", [0x16, ...Array.from({ length: 1000 }, () => 0xff)]],
    ["structures without end", Array.from({ length: 10_000 }, () => 0x1c)],
    ["more values than may be", [0x19, 0xf3, ...varInt(5000), ...Array.from({ length: 5000 }, () => 1), 0]],
    ["a structure that is cut off", [0x15]],
    ["a value of no type", [0x1f, 0]],
  ])("a header with %s", (_, bytes) => {
    expect(() => checkThrift(readerOf(...bytes).view, 0, 1000)).toThrow(RangeError);
  });

  test("a footer larger than its file, or than footers are", async () => {
    for (const [byteLength, length, message] of [
      [100, 89, "a footer of 89 bytes in a file of 100"],
      [3_000_000_000, 2_900_000_000, "a footer of 2900000000 bytes, more than 8388608"],
    ] as const) {
      let asked = 0;
      const file = {
        byteLength,
        slice: async (from: number, to: number) => {
          asked += to - from;
          const bytes = new Uint8Array(to - from);
          const end = viewOf(bytes.subarray(-8));
          end.setUint32(0, length, true);
          bytes.set(Buffer.from("PAR1"), bytes.length - 4);
          return bytes.buffer;
        },
      };
      await expect(readFooter(file)).rejects.toThrow(message);
      expect(asked).toBeLessThan(1024 * 1024);
    }
  });

  test("deltas in a billion parts, of a number without end, or of too many bits", () => {
    const endless = Array.from({ length: 1000 }, () => 0xff);
    for (const bytes of [
      [...varInt(128), ...varInt(HUGE), 2, 0, 0],
      [...varInt(128), 0, 2, 0, 0],
      [...varInt(HUGE), 4, 2, 0, 0],
      [...varInt(128), 4, 2, ...endless],
      [...varInt(128), 4, 2, 0, ...endless],
      [...varInt(128), 4, 2, 0, 0, 255, 255, 255, 255],
    ]) {
      expect(() => readDeltas(readerOf(...bytes), new BigInt64Array(1000))).toThrow(RangeError);
    }
  });

  test.each(["PLAIN", "BYTE_STREAM_SPLIT"])("more values than bytes: %s", (encoding) => {
    for (const type of ["INT32", "INT64", "DOUBLE", "FIXED_LEN_BYTE_ARRAY"] as const) {
      const read = () => readValues(readerOf(1, 2, 3), encoding, 1_000_000, { type, length: 16 });
      expect(read).toThrow("1000000 values in 3 bytes");
    }
  });

  test("values of a length that no number has", () => {
    const type = { type: "FIXED_LEN_BYTE_ARRAY", length: HUGE } as const;
    expect(() => readValues(readerOf(1), "PLAIN", 1, type)).toThrow("values of 1073741824 bytes");
  });

  test("texts that share more than there is", () => {
    const none = [...varInt(128), 4, 1, ...int(0)];
    const huge = [...varInt(128), 4, 1, ...int(HUGE)];
    const type = { type: "BYTE_ARRAY", length: undefined } as const;
    const shared = readerOf(...huge, ...none);
    expect(() => readValues(shared, "DELTA_BYTE_ARRAY", 1, type)).toThrow(`${HUGE} bytes of 0`);
    const long = readerOf(...huge);
    expect(() => readValues(long, "DELTA_LENGTH_BYTE_ARRAY", 1, type)).toThrow(`a text of ${HUGE}`);
  });

  test.each([
    ["GZIP", gzipSync(Buffer.alloc(50_000_000))],
    ["BROTLI", brotliCompressSync(Buffer.alloc(5_000_000))],
    ["SNAPPY", Buffer.from([...varInt(HUGE), 0, 0])],
    // One block that repeats a byte 128 KiB times, a hundred times; then one with a window of a gigabyte.
    ["ZSTD", zstdOf(0x48, 100)],
    ["ZSTD", zstdOf(0xa0, 1)],
  ] as const)("what comes out of a page in %s", async (codec, bytes) => {
    await expect(new PageExpander().expand(codec, bytes, 1000)).rejects.toThrow();
  });

  test.each<[string, { values?: number; size?: number; expanded?: number; rest?: number }, string]>([
    ["values than rows", { values: 101 }, "101 values in a page, more than 100"],
    ["bytes than there are", { size: 1000 }, "1000 bytes in a page, more than"],
    ["expanded bytes than pages have", { expanded: HUGE }, "1073741824 bytes in a page, more than 67108864"],
    ["compressed bytes than expanded", { size: 8000, rest: 8000, expanded: 10 }, "10 bytes in 8000"],
  ])("a page of more %s", async (_, { values = 100, size = 400, expanded = 400, rest = 400 }, message) => {
    const body = Array.from({ length: rest }, () => 1);
    const pages = pagesOf([...dataHeader({ values, size, expanded, encoding: PLAIN }), ...body]);
    await expect(pages.next(1000)).rejects.toThrow(message);
  });

  test("more values than there is room for", async () => {
    const bytes = [...dataHeader({ values: 100, size: 400, encoding: PLAIN }), ...Array<number>(400).fill(1)];
    expect(await pagesOf(bytes).next(100)).toMatchObject({ rows: 100 });
    await expect(pagesOf(bytes).next(99)).rejects.toThrow("100 values in a page, more than 99");
  });

  const dictionary = [
    0x15,
    ...int(2),
    0x15,
    ...int(8),
    0x15,
    ...int(8),
    0x4c,
    0x15,
    ...int(2),
    0x15,
    0,
    0,
    0,
  ];

  test("a dictionary that doesn't have what is asked of it, or isn't there", async () => {
    const page = [...dataHeader({ values: 1, size: 3, encoding: RLE_DICTIONARY }), 3, ...varInt(2), 5];
    const words = [7, 0, 0, 0, 8, 0, 0, 0];
    const { pages, decoded } = columnOf([...dictionary, ...words, ...page], 1);
    const { values } = await pages.next(9);
    decoded.fillCodes(values.length, 0);
    decoded.takeCodes(values.length, true);
    expect(() => decoded.take(1, new Float64Array(1))).toThrow("an index beyond the last value");
    await expect(pagesOf(page).next(9)).rejects.toThrow("before its dictionary");
    await expect(pagesOf([...dictionary, ...words, ...dictionary, ...words]).next(9)).rejects.toThrow(
      "a second dictionary",
    );
  });

  test.each([
    ["too many bits", [25, ...varInt(2), 1, 0, 0, 0]],
    ["more than there are", [3, ...varInt(2 * HUGE), 1]],
    ["fewer than there are", [3]],
  ])("indices of %s", async (_, indices) => {
    const page = dataHeader({ values: 100, size: indices.length, encoding: RLE_DICTIONARY });
    const words = [7, 0, 0, 0, 8, 0, 0, 0];
    const { pages, decoded } = columnOf([...dictionary, ...words, ...page, ...indices]);
    const reading = async () => {
      const { values } = await pages.next(1000);
      decoded.fillCodes(values.length, 0);
      decoded.takeCodes(values.length, true);
      decoded.take(100, new Float64Array(100));
    };
    await expect(reading()).rejects.toThrow(RangeError);
  });
});

const [PLAIN, RLE, RLE_DICTIONARY] = [0, 3, 8];

interface DataPage {
  readonly values: number;
  readonly size: number;
  readonly expanded?: number;
  readonly encoding: number;
}

/** Type, sizes, and the header of a data page: number of values, their encoding, levels in RLE. */
function dataHeader({ values, size, expanded = size, encoding }: DataPage): number[] {
  const page = [0x15, 0, 0x15, ...int(expanded), 0x15, ...int(size)];
  const details = [0x2c, 0x15, ...int(values), 0x15, ...int(encoding), 0x15, ...int(RLE), 0x15, ...int(RLE)];
  return [...page, ...details, 0, 0];
}

function columnOf(bytes: readonly number[], rows = 100): { pages: ColumnPages; decoded: DecodedColumn } {
  const decoded = new DecodedColumn(new ColumnMemory(), rows);
  const pages = new ColumnPages({ name: "srcport", type: "INT32", repetition_type: "REQUIRED" }, decoded);
  pages.begin({ bytes: Uint8Array.from(bytes), codec: "UNCOMPRESSED", rows });
  return { pages, decoded };
}

function pagesOf(bytes: readonly number[]): ColumnPages {
  return columnOf(bytes).pages;
}

/** A frame without a size, with this window descriptor, of blocks that repeat one byte. */
function zstdOf(window: number, blocks: number): Buffer {
  const all = Array.from({ length: blocks }, (_, index) => {
    const header = (index === blocks - 1 ? 1 : 0) | (1 << 1) | ((128 * 1024) << 3);
    return [header & 255, (header >> 8) & 255, (header >> 16) & 255, 7];
  }).flat();
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window, ...all]);
}

async function readDamaged(bytes: Uint8Array<ArrayBuffer>): Promise<"read" | "damaged"> {
  const intake = new RecordIntake({ startDate: new Date(0), stopDate: new Date(1e15) });
  const { signal } = new AbortController();
  try {
    await readParquet({ key: "x.parquet", bytes }, intake, "interface", async () => {}, signal);
    return "read";
  } catch (error) {
    if (!(error instanceof CorruptInputError)) throw error;
    expect(error.message).toContain("x.parquet");
    return "damaged";
  }
}

describe("a damaged file is read or fails as damaged", () => {
  test.each([
    ["v1", "uncompressed"],
    ["v2", "uncompressed"],
    ["v2", "snappy"],
    ["v2", "zstd"],
  ])("%s, %s", async (version, codec) => {
    const sql = `select * exclude (i) replace (if(i % 7 = 0, null, srcaddr) as srcaddr, 'eni-' || i as interface_id,
      40000 + i as srcport, i % 3 as protocol, 1717286400::bigint + i as start) from (${select()}), range(200) t(i)`;
    const directory = await parquetOf(sql, `, codec '${codec}', parquet_version ${version}`);
    const whole = new Uint8Array(readFileSync(join(directory, "flow.parquet")));
    expect(await readDamaged(whole)).toBe("read");
    const change = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      to: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat({ max: 255 })),
    });
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = whole.slice();
        for (const { at, to } of changes) bytes[at] = to;
        outcomes.add(await readDamaged(bytes));
      }),
      { numRuns: 400, seed: 20240601 },
    );
    expect([...outcomes].toSorted()).toEqual(["damaged", "read"]);
  });
});
