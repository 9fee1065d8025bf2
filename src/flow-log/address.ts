import { isIP } from "node:net";
import { ByteTable } from "./byte-table.js";

const ZERO = 0x30;
const DOT = 0x2e;
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`: no address is longer. */
const MAX_ADDRESS_BYTES = 45;

export function newAddressTable(): ByteTable {
  return new ByteTable(isAddressAt, MAX_ADDRESS_BYTES);
}

/** An IPv4 address without leading zeros, or an IPv6 address without a zone, which `isIP` would let pass. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

/** Whether ASCII bytes are an address, without making a string of an IPv4 address: there may be millions of them. */
export function isAddressAt(view: DataView, from: number, to: number): boolean {
  if (isIPv4At(view, from, to)) return true;
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(view.getUint8(at));
  return isAddress(text);
}

function isIPv4At(view: DataView, from: number, to: number): boolean {
  let octets = 0;
  for (let at = from; at < to; at++, octets++) {
    const first = at;
    let value = 0;
    for (; at < to; at++) {
      const byte = view.getUint8(at);
      if (byte === DOT) break;
      const digit = byte - ZERO;
      // A value of 0 before another digit is a leading zero.
      if (digit < 0 || digit > 9 || (value === 0 && at > first)) return false;
      value = value * 10 + digit;
    }
    if (at === first || value > 255) return false;
  }
  return octets === 4 && view.getUint8(to - 1) !== DOT;
}
