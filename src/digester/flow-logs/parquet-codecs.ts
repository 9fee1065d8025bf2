import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import { Decompress } from "fzstd";
import type { CompressionCodec } from "hyparquet";
import { readVarInt } from "hyparquet/src/thrift.js";
import { compressors } from "hyparquet-compressors";
import { viewOf } from "../../flow-log/data-view.js";
import { withRoom } from "../../flow-log/room.js";
import { nextTurn, turnIsOver } from "../../turn.js";

const gunzipAsync = promisify<Uint8Array, object, Buffer>(gunzip);
const brotliAsync = promisify<Uint8Array, object, Buffer>(brotliDecompress);

/** What every decoder of Zstandard must offer (RFC 8878), and what encoders use unless told otherwise. */
const ZSTD_WINDOW_BYTES = 8 * 1024 * 1024;
/** Bytes of Zstandard that are expanded before others have their turn. */
const ZSTD_AT_ONCE = 16 * 1024;
/** No deflate makes more of a byte. */
const MAX_INFLATION = 1032;
/** What the first piece of zlib's output has beyond the page, so that it is the only one. */
const SPARE_BYTES = 64;

/** Expands pages, one after the other. The bytes of one are valid until the next is expanded. */
export class PageExpander {
  #kept = new Uint8Array(0);

  /**
   * Expands a page to a size that was found acceptable.
   *
   * @throws Error when it is damaged or has another size, without allocating much more than that size
   */
  async expand(codec: CompressionCodec, input: Uint8Array, size: number): Promise<Uint8Array> {
    const page = await this.#expand(codec, input, size);
    if (page.length !== size) throw new RangeError(`a page of ${page.length} bytes instead of ${size}`);
    return page;
  }

  async #expand(codec: CompressionCodec, input: Uint8Array, size: number): Promise<Uint8Array> {
    const chunkSize = Math.min(size, input.length * MAX_INFLATION) + SPARE_BYTES;
    const limit = { maxOutputLength: Math.max(size, 1), chunkSize };
    switch (codec) {
      case "UNCOMPRESSED":
        return input;
      // In libuv's pool.
      case "GZIP":
        return gunzipAsync(input, limit);
      case "BROTLI":
        return brotliAsync(input, limit);
      case "ZSTD":
        return expandZstd(input, this.#room(size));
      case "SNAPPY":
      case "LZ4":
      case "LZ4_RAW": {
        const claimed = codec === "SNAPPY" ? readVarInt({ view: viewOf(input), offset: 0 }) : size;
        if (claimed !== size) throw new RangeError(`a page of ${claimed} bytes instead of ${size}`);
        const decompress = compressors[codec];
        if (decompress !== undefined) return decompress(input, size);
        break;
      }
      case "LZO":
    }
    throw new Error(`the compression ${codec}`);
  }

  /** So much memory, which is used again: touching a fresh page of it costs more than filling it. */
  #room(size: number): Uint8Array {
    this.#kept = withRoom(this.#kept, size);
    return this.#kept.subarray(0, size);
  }
}

/** As a stream, since a frame needn't tell its size, and so that others have their turn. */
async function expandZstd(input: Uint8Array, output: Uint8Array): Promise<Uint8Array> {
  const size = output.length;
  const window = zstdWindow(viewOf(input));
  if (window > Math.max(size, ZSTD_WINDOW_BYTES)) throw new RangeError(`a window of ${window} bytes`);
  let at = 0;
  const stream = new Decompress((block) => {
    if (at + block.length > size) throw new RangeError(`a page of more than ${size} bytes`);
    output.set(block, at);
    at += block.length;
  });
  for (let from = 0; from < input.length; from += ZSTD_AT_ONCE) {
    const to = from + ZSTD_AT_ONCE;
    stream.push(input.subarray(from, to), to >= input.length);
    if (turnIsOver()) await nextTurn();
  }
  return output.subarray(0, at);
}

/**
 * The window that a page wants. It must be one frame, since another may claim another.
 * https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
 */
function zstdWindow(view: DataView): number {
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new Error("a page that isn't Zstandard");
  const flags = view.getUint8(4);
  const single = (flags & 0x20) !== 0;
  let at = 5;
  let window = 0;
  if (!single) {
    const descriptor = view.getUint8(at++);
    const base = 2 ** (10 + (descriptor >> 3));
    window = base + (base / 8) * (descriptor & 7);
  }
  at += [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeFlag = flags >> 6;
  if (single) {
    if (sizeFlag === 0) window = view.getUint8(at);
    else if (sizeFlag === 1) window = view.getUint16(at, true) + 256;
    else window = view.getUint32(at, true) + (sizeFlag === 3 ? view.getUint32(at + 4, true) * 2 ** 32 : 0);
  }
  at += sizeFlag === 0 ? Number(single) : 2 ** sizeFlag;
  for (let last = false; !last;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    last = (header & 1) === 1;
    // A block that repeats one byte tells how often.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  const end = at + ((flags & 4) === 0 ? 0 : 4);
  if (end !== view.byteLength)
    throw new RangeError(`a frame of ${end} bytes in a page of ${view.byteLength}`);
  return window;
}
