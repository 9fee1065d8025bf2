import type { AddressWords } from "../flow-log/address-value.js";
import type { Cidr } from "../flow-log/cidr.js";

/** A node is eight words: its prefix, in four words and a length of 0 to 128 bits, two children, and a value. */
const NODE_BITS = 3;
const LENGTH = 4;
const CHILDREN = 5;
const VALUE = 7;
const NONE = -1;
/** The roots, one for each version. IPv4 lies in the last word, as `readAddress` gives it: its prefixes begin at bit 96. */
const IPV6_ROOT = 0;
const IPV4_ROOT = 1;
const FIRST_NODES = 64;

/**
 * Prefixes of addresses, each with a number, as a binary trie without nodes that have one child and no number (a
 * Patricia trie). It is built prefix by prefix, in any order, at a microsecond each, takes 32 to 64 bytes for each, and
 * is one typed array, so that a finished one can be shared with threads.
 */
export class PrefixTrie {
  #nodes = new Int32Array(FIRST_NODES << NODE_BITS);
  #size = 0;

  constructor() {
    const zero = new Uint32Array(4);
    this.#add(zero, 0, NONE);
    this.#add(zero, 96, NONE);
  }

  /** Of several numbers for one prefix the first one stays. */
  insert({ version, words, prefix }: Cidr, value: number): void {
    const length = version === 4 ? 96 + prefix : prefix;
    let at = version === 4 ? IPV4_ROOT : IPV6_ROOT;
    for (;;) {
      // Here the prefix of the node at hand is one of what is inserted, or the same.
      const nodeLength = this.#get(at, LENGTH);
      if (nodeLength === length) {
        if (this.#get(at, VALUE) === NONE) this.#set(at, VALUE, value);
        return;
      }
      const slot = CHILDREN + bitAt(words, nodeLength);
      const child = this.#get(at, slot);
      if (child === 0) {
        this.#set(at, slot, this.#add(words, length, value));
        return;
      }
      const childLength = this.#get(child, LENGTH);
      const common = Math.min(
        commonBits(this.#nodes, child, words, version === 4 ? 3 : 0),
        childLength,
        length,
      );
      if (common === childLength) {
        at = child;
        continue;
      }
      const between = this.#add(words, common, common === length ? value : NONE);
      const childBit = (this.#get(child, common >>> 5) >>> (31 - (common & 31))) & 1;
      this.#set(between, CHILDREN + childBit, child);
      if (common < length) this.#set(between, CHILDREN + 1 - childBit, this.#add(words, length, value));
      this.#set(at, slot, between);
      return;
    }
  }

  /** The nodes, for `findPrefix`, in memory that threads can share. */
  freeze(): Int32Array {
    const words = this.#size << NODE_BITS;
    const shared = new Int32Array(new SharedArrayBuffer(4 * words));
    shared.set(this.#nodes.subarray(0, words));
    return shared;
  }

  #add(words: AddressWords, length: number, value: number): number {
    const node = this.#size++;
    const at = node << NODE_BITS;
    if (at === this.#nodes.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    this.#nodes.set(words, at);
    this.#nodes[at + LENGTH] = length;
    this.#nodes[at + VALUE] = value;
    return node;
  }

  #get(node: number, field: number): number {
    return this.#nodes[(node << NODE_BITS) + field] ?? 0;
  }

  #set(node: number, field: number, value: number): void {
    this.#nodes[(node << NODE_BITS) + field] = value;
  }
}

/** The node of the longest prefix of an address that has a number, or -1. IPv4 within IPv6 (`::ffff:…`) counts as IPv4. */
export function findPrefix(nodes: Int32Array, words: AddressWords, version: 4 | 6): number {
  const isIPv4 = version === 4 || (words[0] === 0 && words[1] === 0 && words[2] === 0xffff);
  let node = isIPv4 ? IPV4_ROOT : IPV6_ROOT;
  let length = isIPv4 ? 96 : 0;
  let best = NONE;
  for (;;) {
    const at = node << NODE_BITS;
    if ((nodes[at + VALUE] ?? NONE) !== NONE) best = node;
    if (length === 128) return best;
    node = nodes[at + CHILDREN + bitAt(words, length)] ?? 0;
    if (node === 0) return best;
    length = nodes[(node << NODE_BITS) + LENGTH] ?? 0;
    if (commonBits(nodes, node, words, isIPv4 ? 3 : 0) < length) return best;
  }
}

export function valueOf(nodes: Int32Array, node: number): number {
  return nodes[(node << NODE_BITS) + VALUE] ?? NONE;
}

/** In bits of 128, so that those of IPv4 are 96 and more. */
export function lengthOf(nodes: Int32Array, node: number): number {
  return nodes[(node << NODE_BITS) + LENGTH] ?? 0;
}

function bitAt(words: AddressWords, bit: number): number {
  return ((words[bit >>> 5] ?? 0) >>> (31 - (bit & 31))) & 1;
}

/** How many leading bits are the same, the words before `from` taken for the same. */
function commonBits(nodes: Int32Array, node: number, words: AddressWords, from: number): number {
  const at = node << NODE_BITS;
  for (let word = from; word < 4; word++) {
    const different = (nodes[at + word] ?? 0) ^ (words[word] ?? 0);
    if (different !== 0) return 32 * word + Math.clz32(different);
  }
  return 128;
}
