import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Decompress } from "fzstd";
import type { CompressionCodec } from "hyparquet";
import { readVarInt } from "hyparquet/src/thrift.js";
import { compressors } from "hyparquet-compressors";
import { viewOf } from "../../flow-log/data-view.js";

/** What every decoder of Zstandard must offer (RFC 8878), and what encoders use unless told otherwise. */
const ZSTD_WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * Expands a page to a size that was found acceptable.
 *
 * @throws Error when it is damaged or has another size, without allocating much more than that size
 */
export function expandPage(codec: CompressionCodec, input: Uint8Array, size: number): Uint8Array {
  const page = expand(codec, input, size);
  if (page.length !== size) throw new RangeError(`a page of ${page.length} bytes instead of ${size}`);
  return page;
}

function expand(codec: CompressionCodec, input: Uint8Array, size: number): Uint8Array {
  const limit = { maxOutputLength: Math.max(size, 1) };
  switch (codec) {
    case "UNCOMPRESSED":
      return input;
    // Node's own are faster, and know a limit.
    case "GZIP":
      return gunzipSync(input, limit);
    case "BROTLI":
      return brotliDecompressSync(input, limit);
    case "ZSTD":
      return expandZstd(input, size);
    case "SNAPPY":
    case "LZ4":
    case "LZ4_RAW":
    case "LZO": {
      const claimed = codec === "SNAPPY" ? readVarInt({ view: viewOf(input), offset: 0 }) : size;
      if (claimed !== size) throw new RangeError(`a page of ${claimed} bytes instead of ${size}`);
      const decompress = compressors[codec];
      if (decompress !== undefined) return decompress(input, size);
    }
  }
  throw new Error(`the compression ${codec}`);
}

/** As a stream, since a frame needn't tell its size. */
function expandZstd(input: Uint8Array, size: number): Uint8Array {
  const window = zstdWindow(viewOf(input));
  if (window > Math.max(size, ZSTD_WINDOW_BYTES)) throw new RangeError(`a window of ${window} bytes`);
  const output = new Uint8Array(size);
  let at = 0;
  const stream = new Decompress((block) => {
    if (at + block.length > size) throw new RangeError(`a page of more than ${size} bytes`);
    output.set(block, at);
    at += block.length;
  });
  stream.push(input, true);
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
