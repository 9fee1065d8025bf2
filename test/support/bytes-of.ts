import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

/** All bytes of a stored graph, whichever way they come. */
export async function bytesOf(body: Readable | Buffer): Promise<Buffer> {
  return Buffer.isBuffer(body) ? body : buffer(body);
}
