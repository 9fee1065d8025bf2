import { constants, createGzip } from "node:zlib";
import { Compressor } from "../compressor.js";
import type { Chunk } from "./chunk.js";
import { physicalType, type ColumnSpec } from "./schema.js";
import { binary, encodeThrift, i32, i64, list, struct, text, type Thrift } from "./thrift.js";

// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;
const UNCOMPRESSED = 0;
const GZIP = 2;
/** More than comes out of most pages, so that compressing one is one turn in libuv's pool. */
const OUTPUT_BYTES = 256 * 1024;

const gzip = new Compressor(createGzip, { level: 1, chunkSize: OUTPUT_BYTES, flush: constants.Z_FINISH });

/** A chunk's pages as they are in the file, and what the footer tells of them. */
export interface Pages {
  readonly blocks: readonly Buffer[];
  readonly uncompressedBytes: number;
  /** Thrift's ColumnChunk, for pages that begin at a position of the file. */
  at(position: number): Thrift;
}

/** Compresses in libuv's pool. */
export async function pagesOf(spec: ColumnSpec, chunk: Chunk): Promise<Pages> {
  const { dictionary, data, rows, compress } = chunk;
  const encoding = dictionary === undefined ? PLAIN : RLE_DICTIONARY;
  const [dictionaryPage, dataPage] = await Promise.all([
    dictionary &&
      page(dictionary.bytes, compress, DICTIONARY_PAGE, [
        7,
        struct([1, i32(dictionary.values)], [2, i32(PLAIN)]),
      ]),
    page(data, compress, DATA_PAGE, [
      5,
      struct([1, i32(rows)], [2, i32(encoding)], [3, i32(RLE)], [4, i32(RLE)]),
    ]),
  ]);
  const bytes = (dictionaryPage?.length ?? 0) + dataPage.length;
  const uncompressedBytes = (dictionaryPage?.uncompressedBytes ?? 0) + dataPage.uncompressedBytes;
  return {
    blocks: [...(dictionaryPage?.blocks ?? []), ...dataPage.blocks],
    uncompressedBytes,
    at: (position) =>
      struct(
        [2, i64(0)],
        [
          3,
          struct(
            [1, i32(physicalType(spec))],
            [2, list((dictionary ? [PLAIN, RLE, RLE_DICTIONARY] : [PLAIN, RLE]).map(i32))],
            [3, list([text(spec.name)])],
            [4, i32(compress ? GZIP : UNCOMPRESSED)],
            [5, i64(rows)],
            [6, i64(uncompressedBytes)],
            [7, i64(bytes)],
            [9, i64(position + (dictionaryPage?.length ?? 0))],
            [11, dictionaryPage && i64(position)],
            [
              12,
              struct(
                [3, i64(chunk.nulls)],
                [5, chunk.range && binary(chunk.range.max)],
                [6, chunk.range && binary(chunk.range.min)],
              ),
            ],
          ),
        ],
      ),
  };
}

interface Page {
  readonly blocks: readonly Buffer[];
  readonly length: number;
  readonly uncompressedBytes: number;
}

async function page(
  bytes: Uint8Array,
  compress: boolean,
  type: number,
  details: readonly [id: number, header: Thrift],
): Promise<Page> {
  // The memory of a chunk is used again while its blocks are on their way.
  const body = compress ? await gzip.compress(bytes) : Buffer.from(bytes);
  const header = encodeThrift(struct([1, i32(type)], [2, i32(bytes.length)], [3, i32(body.length)], details));
  return {
    blocks: [header, body],
    length: header.length + body.length,
    uncompressedBytes: header.length + bytes.length,
  };
}
