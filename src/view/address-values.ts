import type { ByteTable } from "../flow-log/byte-table.js";
import { readAddress } from "../flow-log/address-value.js";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { withRoom } from "../flow-log/room.js";

const MAX_ADDRESS_BYTES = 45;

/** The addresses of a table as numbers, each read when it is first asked for. Five bytes for each, of IPv6 21. */
export class AddressValues {
  readonly #table: ByteTable;
  /** By the number of the address: 0 when it hasn't been read, else 4 or 6. */
  #versions = new Uint8Array(0);
  /** Of IPv4 the address; of IPv6 its place in `#words`. */
  #values = new Uint32Array(0);
  #words = new Uint32Array(0);
  #used = 0;
  readonly #text = viewOf(Buffer.alloc(MAX_ADDRESS_BYTES + 2 * OVERRUN_BYTES));
  readonly #read = new Uint32Array(4);

  constructor(table: ByteTable) {
    this.#table = table;
  }

  version(address: number): 4 | 6 {
    const version = this.#versions[address] || this.#add(address);
    return version === 4 ? 4 : 6;
  }

  /** One of the four words, the most significant first. Of IPv4 the last one is the address, the others are 0. */
  word(address: number, index: number): number {
    if (this.version(address) === 6) return this.#words[(this.#values[address] ?? 0) + index] ?? 0;
    return index === 3 ? (this.#values[address] ?? 0) : 0;
  }

  /** The order of addresses: IPv4 before IPv6, then by value. Negative, 0 or positive. */
  compare(a: number, b: number): number {
    const versions = this.version(a) - this.version(b);
    if (versions !== 0) return versions;
    for (let index = 0; index < 4; index++) {
      const difference = this.word(a, index) - this.word(b, index);
      if (difference !== 0) return difference;
    }
    // `2001:DB8::1` and `2001:db8::1` are two.
    return a - b;
  }

  /** Whether the address lies in the network, of the same version, whose prefix has so many bits. */
  isWithin(address: number, network: Uint32Array, version: 4 | 6, prefix: number): boolean {
    if (this.version(address) !== version) return false;
    let bits = version === 4 ? prefix + 96 : prefix;
    for (let index = 0; bits > 0; index++, bits -= 32) {
      const mask = bits >= 32 ? -1 : -1 << (32 - bits);
      if (((this.word(address, index) ^ (network[index] ?? 0)) & mask) !== 0) return false;
    }
    return true;
  }

  #add(address: number): 4 | 6 {
    const end = this.#table.copy(address, this.#text, 0);
    const version = readAddress(this.#text, 0, end, this.#read);
    this.#versions = withRoom(this.#versions, address + 1);
    this.#values = withRoom(this.#values, address + 1);
    this.#versions[address] = version;
    if (version === 4) {
      this.#values[address] = this.#read[3] ?? 0;
    } else {
      this.#words = withRoom(this.#words, this.#used + 4);
      this.#words.set(this.#read, this.#used);
      this.#values[address] = this.#used;
      this.#used += 4;
    }
    return version;
  }
}
