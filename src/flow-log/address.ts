import { isIP } from "node:net";

/** An IPv4 or IPv6 address as flow logs write them: without a zone, which `isIP` would let pass. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}
