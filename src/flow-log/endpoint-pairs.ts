import { hashEndpoint } from "./endpoint-table.js";
import type { KeyTable } from "./key-table.js";
import { CHUNK_ROWS, chunkOf, rowInChunk } from "./row-chunk.js";
import { DESTINATION, destinationPortOf, KIND, PORTS, ROW_WORDS, SOURCE, sourcePortOf } from "./sum-row.js";

/** Visits each pair of endpoints of a table once, whichever of the two sent. Yields after each chunk. */
export function* eachPair(
  { chunks, size }: KeyTable,
  visit: (address: number, port: number, otherAddress: number, otherPort: number) => void,
): Generator<undefined> {
  // Rows + 1 by the hash of their pair, at most half full.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * size + 2)));
  const mask = slots.length - 1;
  for (const [chunk, { words }] of chunks.entries()) {
    const first = CHUNK_ROWS * chunk;
    for (let row = first; row < Math.min(size, first + CHUNK_ROWS); row++) {
      const at = ROW_WORDS * rowInChunk(row);
      const source = words[at + SOURCE] ?? 0;
      const destination = words[at + DESTINATION] ?? 0;
      const sourcePort = sourcePortOf(words, at);
      const destinationPort = destinationPortOf(words, at);
      let slot = (hashEndpoint(source, sourcePort) + hashEndpoint(destination, destinationPort)) & mask;
      for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const other = (slots[slot] ?? 0) - 1;
        const others = chunks[chunkOf(other)]?.words ?? words;
        if (isSamePair(words, at, others, ROW_WORDS * rowInChunk(other))) break;
      }
      if (slots[slot] !== 0) continue;
      slots[slot] = row + 1;
      visit(source, sourcePort, destination, destinationPort);
    }
    yield;
  }
}

/** In the same direction or the other. */
function isSamePair(words: Uint32Array, at: number, others: Uint32Array, other: number): boolean {
  if (((words[at + KIND] ?? 0) & 0xff) !== ((others[other + KIND] ?? 0) & 0xff)) return false;
  const ports = words[at + PORTS] ?? 0;
  const otherPorts = others[other + PORTS] ?? 0;
  const source = words[at + SOURCE];
  const destination = words[at + DESTINATION];
  if (
    source === others[other + SOURCE] &&
    destination === others[other + DESTINATION] &&
    ports === otherPorts
  ) {
    return true;
  }
  const swapped = ((ports >>> 16) | (ports << 16)) >>> 0;
  return (
    source === others[other + DESTINATION] && destination === others[other + SOURCE] && swapped === otherPorts
  );
}
