import { isAddress } from "./address.js";
import { type AddressWords, readAddress } from "./address-value.js";
import { viewOf } from "./data-view.js";

/** An address as a number: its words as `readAddress` gives them. */
export interface AddressValue {
  readonly version: 4 | 6;
  readonly words: AddressWords;
}

export interface Cidr extends AddressValue {
  /** 0 to 32 or 128. */
  readonly prefix: number;
}

const scratch = Buffer.alloc(64);
const scratchView = viewOf(scratch);

/** Undefined when it is no address, as `isAddress` says. */
export function parseAddress(text: string): AddressValue | undefined {
  if (!isAddress(text)) return undefined;
  const words = new Uint32Array(4);
  const version = readAddress(scratchView, 0, scratch.write(text, "latin1"), words);
  return { version, words };
}

/** `10.0.0.0/8`, `2001:db8::/32`, or an address, which is a network of one. Bits beyond the prefix are kept. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const longest = address.version === 4 ? 32 : 128;
  if (slash < 0) return { ...address, prefix: longest };
  const digits = text.slice(slash + 1);
  const prefix = /^(?:0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN;
  return prefix <= longest ? { ...address, prefix } : undefined;
}

/** The network that this lies in: bits beyond the prefix are 0. */
export function networkOf({ version, words, prefix }: Cidr): Cidr {
  let bits = version === 4 ? 96 + prefix : prefix;
  const masked = words.map((word) => {
    const mask = bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
    bits -= 32;
    return word & mask;
  });
  return { version, words: masked, prefix };
}

/** The text of an address; of IPv6 the short one, as AWS writes it (RFC 5952). */
export function addressText({ version, words }: AddressValue): string {
  if (version === 4) {
    const value = words[3] ?? 0;
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
  }
  const groups = [...words].flatMap((word) => [word >>> 16, word & 0xffff]);
  let [from, to] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > to - from) [from, to] = [start, end];
  }
  // A single group of zeros isn't left out.
  return to - from < 2 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(to))}`;
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

export function cidrText(cidr: Cidr): string {
  return `${addressText(cidr)}/${cidr.prefix}`;
}
