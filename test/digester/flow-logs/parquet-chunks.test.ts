import { Readable } from "node:stream";
import type { ColumnChunk } from "hyparquet";
import { expect, test } from "vitest";
import { ParquetBytes } from "../../../src/digester/flow-logs/parquet-bytes.js";
import { readChunks } from "../../../src/digester/flow-logs/parquet-chunks.js";

const KB = 1024;
const ROWS = 9n;

function chunk(name: string, start: number, bytes: number): ColumnChunk {
  return {
    file_offset: 0n,
    meta_data: {
      type: "INT32",
      encodings: [],
      path_in_schema: [name],
      codec: "GZIP",
      num_values: ROWS,
      total_uncompressed_size: BigInt(bytes),
      total_compressed_size: BigInt(bytes),
      data_page_offset: BigInt(start),
    },
  };
}

test("columns that lie beside each other are read together, whatever their order", async () => {
  const asked: [start: number, end: number][] = [];
  const size = 40 * KB * KB;
  const object = {
    key: "x.parquet",
    format: "parquet",
    named: "otherwise",
    account: undefined,
    version: "1",
    size,
    open: (_: AbortSignal, { start, end } = { start: 0, end: size }) => {
      asked.push([start, end]);
      // Each byte tells its place.
      return Readable.from([Buffer.from(Uint8Array.from({ length: end - start }, (__, at) => start + at))]);
    },
    read: async () => undefined,
  } as const;
  const columns = [
    chunk("d", 1000 * KB + 7, KB),
    chunk("a", 4, 100),
    chunk("x", 104, 50),
    chunk("b", 154, 200),
    chunk("c", 200 * KB + 3, 10),
  ];
  const read = await readChunks(
    new ParquetBytes(object, new AbortController().signal),
    { columns, total_byte_size: 0n, num_rows: ROWS },
    ["d", "c", "a", "b"].map((name) => ({ name })),
  );
  expect(asked).toEqual([
    [4, 200 * KB + 13],
    [1000 * KB + 7, 1001 * KB + 7],
  ]);
  expect(read.map(({ bytes, codec, rows }) => [bytes[0], bytes.length, codec, rows])).toEqual([
    [7, KB, "GZIP", 9],
    [3, 10, "GZIP", 9],
    [4, 100, "GZIP", 9],
    [154, 200, "GZIP", 9],
  ]);
});
