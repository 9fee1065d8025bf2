import { isIP } from "node:net";

/** An IPv4 address without leading zeros, or an IPv6 address without a zone, which `isIP` would let pass. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}
