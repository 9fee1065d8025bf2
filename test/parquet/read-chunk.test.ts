import { gzipSync } from "node:zlib";
import type { ColumnMetaData, CompressionCodec } from "hyparquet";
import { expect, test } from "vitest";
import { readChunk } from "../../src/parquet/read-chunk.js";
import { encodeThrift, i32, struct } from "../../src/parquet/thrift.js";

const ROWS = 100;
const VALUE_BYTES = 260;
const HUGE = 2 ** 30;
const [DATA_PAGE, DICTIONARY_PAGE] = [0, 2];
const [PLAIN, RLE, RLE_DICTIONARY] = [0, 3, 8];

interface Page {
  readonly type: number;
  readonly values: number;
  readonly encoding: number;
  readonly body: Uint8Array;
  /** What its header says, where that isn't so. */
  readonly size?: number;
  readonly packed?: number;
}

function bytesOf({ type, values, encoding, body, size = body.length, packed = body.length }: Page): Buffer {
  const details =
    type === DATA_PAGE
      ? ([5, struct([1, i32(values)], [2, i32(encoding)], [3, i32(RLE)], [4, i32(RLE)])] as const)
      : ([7, struct([1, i32(values)], [2, i32(encoding)])] as const);
  const header = encodeThrift(struct([1, i32(type)], [2, i32(size)], [3, i32(packed)], details));
  return Buffer.concat([header, body]);
}

function read(codec: CompressionCodec, optional: boolean, ...pages: Page[]) {
  const meta: ColumnMetaData = {
    type: "INT64",
    encodings: [],
    path_in_schema: ["bytes"],
    codec,
    num_values: BigInt(ROWS),
    total_uncompressed_size: 0n,
    total_compressed_size: 0n,
    data_page_offset: 4n,
  };
  return readChunk(Buffer.concat(pages.map(bytesOf)), { rows: ROWS, meta }, optional, VALUE_BYTES);
}

const NUMBERS: Page = { type: DATA_PAGE, values: ROWS, encoding: PLAIN, body: new Uint8Array(8 * ROWS) };
const INDICES: Page = {
  type: DATA_PAGE,
  values: ROWS,
  encoding: RLE_DICTIONARY,
  body: Buffer.of(1, 200, 1, 0),
};
const DICTIONARY: Page = { type: DICTIONARY_PAGE, values: 2, encoding: PLAIN, body: new Uint8Array(16) };

test("these pages are read", async () => {
  expect((await read("UNCOMPRESSED", false, NUMBERS)).values).toEqual({ plain: Buffer.alloc(8 * ROWS) });
  const zipped = { ...NUMBERS, body: gzipSync(NUMBERS.body), size: 8 * ROWS };
  expect((await read("GZIP", false, zipped)).values).toEqual({ plain: Buffer.alloc(8 * ROWS) });
  expect((await read("UNCOMPRESSED", false, DICTIONARY, INDICES)).values).toMatchObject({
    entries: 2,
    indices: new Uint32Array(ROWS),
  });
});

test.for<[name: string, codec: CompressionCodec, pages: Page[], message: string]>([
  ["a page that is cut off", "UNCOMPRESSED", [{ ...NUMBERS, packed: HUGE }], "1073741824 bytes in a page"],
  ["a page of less than nothing", "UNCOMPRESSED", [{ ...NUMBERS, packed: -1 }], "-1 bytes in a page"],
  [
    "more than so many rows take",
    "GZIP",
    [{ ...NUMBERS, size: HUGE }],
    "1073741824 bytes in a page, more than 27024",
  ],
  [
    "more than deflate makes of it",
    "GZIP",
    [{ ...NUMBERS, body: Buffer.alloc(20), size: 25_000 }],
    "25000 bytes in a page, more than 21664",
  ],
  [
    "more bytes than the header says",
    "GZIP",
    [{ ...NUMBERS, body: gzipSync(Buffer.alloc(100_000)), size: 800 }],
    "Cannot create a Buffer larger than 801 bytes",
  ],
  ["fewer bytes than the header says", "UNCOMPRESSED", [{ ...NUMBERS, size: 801 }], "801 bytes, got 800"],
  ["another compression", "SNAPPY", [NUMBERS], "expected GZIP or UNCOMPRESSED, got SNAPPY"],
  ["more rows", "UNCOMPRESSED", [{ ...NUMBERS, values: HUGE }], "expected one page of 100, got 1073741824"],
  [
    "a dictionary of more values than rows",
    "UNCOMPRESSED",
    [{ ...DICTIONARY, values: HUGE }, INDICES],
    "more than 100",
  ],
  ["no data", "UNCOMPRESSED", [DICTIONARY], "Offset is outside the bounds"],
  [
    "two dictionaries",
    "UNCOMPRESSED",
    [DICTIONARY, DICTIONARY, INDICES],
    "expected a data page of version 1",
  ],
  ["no dictionary", "UNCOMPRESSED", [INDICES], "RLE_DICTIONARY after a dictionary"],
  [
    "too few indices",
    "UNCOMPRESSED",
    [DICTIONARY, { ...INDICES, body: Buffer.of(1, 2, 0) }],
    "100 indices, got fewer",
  ],
  [
    "indices of too many bits",
    "UNCOMPRESSED",
    [DICTIONARY, { ...INDICES, body: Buffer.of(25, 200, 1, 0, 0, 0, 0) }],
    "100 indices",
  ],
])("%s is an error before anything is made of it", async ([, codec, pages, message]) => {
  await expect(read(codec, false, ...pages)).rejects.toThrow(message);
});

test.for([
  ["none", Buffer.alloc(0)],
  ["more bytes than there are", Buffer.of(255, 255, 255, 255, 200, 1, 1)],
  ["fewer than rows", Buffer.of(2, 0, 0, 0, 2, 1)],
] as const)("levels: %s", async ([, body]) => {
  await expect(read("UNCOMPRESSED", true, { ...NUMBERS, body })).rejects.toThrow(
    /100 levels|outside the bounds/,
  );
});
