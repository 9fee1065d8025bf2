import type { Readable } from "node:stream";
import { SupersededError } from "../errors.js";
import type { Bucket } from "../s3/bucket.js";
import { readRange } from "../s3/range.js";
import { removeObject } from "../s3/small-object.js";
import { upload } from "../s3/upload.js";
import type { GraphId } from "../window.js";
import { makingOf, TRAILER_BYTES } from "../graph/making.js";
import type { EdgeStorage, StoredEdges, StoreEdgesOptions } from "./storage.js";

/** The end of the file says where all else is: what a reader asks for first comes with its size. */
const END_BYTES = 64 * 1024;

/** Edges as objects `<id>.parquet` beside the graphs. */
export class S3Edges implements EdgeStorage {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async store(id: GraphId, body: Readable, options: StoreEdgesOptions): Promise<void> {
    const headers = { ContentType: "application/vnd.apache.parquet" };
    await upload(this.#bucket, { key: keyOf(id), headers }, body, options);
  }

  async remove(id: GraphId, signal: AbortSignal): Promise<void> {
    await removeObject(this.#bucket, keyOf(id), signal);
  }

  async open(id: GraphId, signal: AbortSignal): Promise<StoredEdges | undefined> {
    const bucket = this.#bucket;
    const key = keyOf(id);
    const [graph, end] = await Promise.all([
      readRange(bucket, `${id}.dot`, `-${TRAILER_BYTES}`, signal),
      readRange(bucket, key, `-${END_BYTES}`, signal),
    ]);
    if (graph === undefined || end === undefined) return undefined;
    const { size, version } = end;
    const endStart = size - end.bytes.length;
    return {
      making: makingOf(graph.bytes.subarray(-TRAILER_BYTES)),
      size,
      async read(start, stop, signal) {
        signal.throwIfAborted();
        if (start >= endStart) return end.bytes.subarray(start - endStart, stop - endStart);
        const last = Math.min(stop, size) - 1;
        const range = await readRange(bucket, key, `${start}-${last}`, signal, version);
        if (range === undefined)
          throw new SupersededError(`s3://${bucket.name}/${key} was replaced or removed while it was read`);
        return range.bytes;
      },
      close: async () => undefined,
    };
  }
}

function keyOf(id: GraphId): string {
  return `${id}.parquet`;
}
