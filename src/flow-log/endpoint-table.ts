import { mix } from "./secret-hash.js";

const SHARD_BITS = 6;
const INITIAL_SLOTS = 16;
/** Address + 1 (0: a free slot), port with protocol, value. */
const SLOT_WORDS = 3;

interface Shard {
  slots: Uint32Array;
  used: number;
}

/** The second word of an endpoint: a port of a protocol. */
export function portOf(port: number, protocol: number): number {
  return (protocol << 16) | port;
}

/**
 * A count for each endpoint: an address, by its number, and a port of a protocol. 16 to 32 bytes an endpoint, in shards, so
 * that no single growth takes long.
 */
export class EndpointTable {
  #isEmpty = true;
  readonly #shards = Array.from({ length: 1 << SHARD_BITS }, (): Shard => ({
    slots: new Uint32Array(SLOT_WORDS * INITIAL_SLOTS),
    used: 0,
  }));

  /** 0 for an endpoint that was never increased. */
  get(address: number, port: number): number {
    if (this.#isEmpty) return 0;
    const hash = hashEndpoint(address, port);
    const slots = this.#shards[hash >>> (32 - SHARD_BITS)]?.slots;
    return slots?.[slotOf(slots, hash, address, port) + 2] ?? 0;
  }

  increase(address: number, port: number): void {
    const hash = hashEndpoint(address, port);
    const shard = this.#shards[hash >>> (32 - SHARD_BITS)];
    if (shard === undefined) throw new RangeError("a hash of 32 bits has one of the shards");
    this.#isEmpty = false;
    const { slots } = shard;
    const at = slotOf(slots, hash, address, port);
    if (slots[at] === 0) {
      slots[at] = address + 1;
      slots[at + 1] = port;
      slots[at + 2] = 1;
      if (++shard.used * 2 * SLOT_WORDS > slots.length) shard.slots = grown(slots);
    } else {
      slots[at + 2] = (slots[at + 2] ?? 0) + 1;
    }
  }
}

/** Secret, and well mixed in all bits. */
export function hashEndpoint(address: number, port: number): number {
  const hash = mix(mix(0, address, 6), port, 7);
  return hash ^ (hash >>> 15);
}

/** The place of an endpoint, or the free one where it belongs: the tables are at most half full. */
function slotOf(slots: Uint32Array, hash: number, address: number, port: number): number {
  const mask = slots.length / SLOT_WORDS - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const at = SLOT_WORDS * slot;
    if (slots[at] === 0 || (slots[at] === address + 1 && slots[at + 1] === port)) return at;
  }
}

function grown(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * slots.length);
  for (let from = 0; from < slots.length; from += SLOT_WORDS) {
    const address = (slots[from] ?? 0) - 1;
    const port = slots[from + 1] ?? 0;
    if (address === -1) continue;
    larger.set(
      slots.subarray(from, from + SLOT_WORDS),
      slotOf(larger, hashEndpoint(address, port), address, port),
    );
  }
  return larger;
}
