const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const LOWER_A = 0x61;
const LOWER_CASE = 0x20;

/** Words of an address: four of 32 bits, the most significant first; of IPv4 only the last one is used. */
export type AddressWords = Uint32Array;

/**
 * Reads an address that `isAddress` accepts into four words from `at`. Of anything else the result means nothing.
 *
 * @returns 4 or 6
 */
export function readAddress(view: DataView, from: number, to: number, words: AddressWords, at = 0): 4 | 6 {
  words.fill(0, at, at + 4);
  for (let i = from; i < to; i++) {
    if (view.getUint8(i) !== COLON) continue;
    readIPv6(view, from, to, words, at);
    return 6;
  }
  words[at + 3] = readIPv4(view, from, to);
  return 4;
}

function readIPv4(view: DataView, from: number, to: number): number {
  let address = 0;
  let octet = 0;
  for (let i = from; i < to; i++) {
    const byte = view.getUint8(i);
    if (byte === DOT) {
      address = address * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + byte - ZERO;
  }
  return address * 256 + octet;
}

/** Eight groups of 16 bits, of which `::` leaves some out; the last two may be written as IPv4. */
function readIPv6(view: DataView, from: number, to: number, words: AddressWords, at: number): void {
  const groups: number[] = [];
  let gap = -1;
  for (let i = from; i < to;) {
    if (view.getUint8(i) === COLON) {
      if (view.getUint8(i + 1) === COLON) gap = groups.length;
      i += view.getUint8(i + 1) === COLON ? 2 : 1;
      if (i >= to) break;
    }
    let end = i;
    let group = 0;
    let isIPv4 = false;
    for (; end < to; end++) {
      const byte = view.getUint8(end);
      if (byte === COLON) break;
      if (byte === DOT) isIPv4 = true;
      const digit = byte - ZERO;
      group = group * 16 + (digit <= 9 ? digit : (byte | LOWER_CASE) - LOWER_A + 10);
    }
    if (isIPv4) {
      const address = readIPv4(view, i, to);
      groups.push(address >>> 16, address & 0xffff);
    } else groups.push(group);
    i = end;
  }
  const missing = 8 - groups.length;
  for (const [index, group] of groups.entries()) {
    const place = gap >= 0 && index >= gap ? index + missing : index;
    const word = at + (place >>> 1);
    words[word] = ((words[word] ?? 0) | (place % 2 === 0 ? group << 16 : group)) >>> 0;
  }
}
