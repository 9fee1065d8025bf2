/** RFC 1952: CRC-32 and length of what was compressed end a gzip. They tell two makings of a graph apart. */
export const TRAILER_BYTES = 8;

/** What names the making of a graph, of the last bytes of its gzip. */
export function makingOf(trailer: Uint8Array): string {
  return Buffer.from(trailer).toString("hex");
}
