import { NONE } from "../edges/table.js";
import { parseCidr, type Cidr } from "../flow-log/cidr.js";
import { withRoom } from "../flow-log/room.js";
import type { AddressValues } from "./address-values.js";
import { HOST_FIELDS, type HostField, type Hosts, type Side } from "./hosts.js";

/** Which hosts are meant: a network, a side of the border, or those of whom something is known. */
export type EndTest =
  | { readonly network: Cidr }
  | { readonly side: Side }
  | { readonly field: HostField; readonly pattern: string };

/** What `from:`, `to:`, `host:` and `around` take. */
export const END_VALUES = `an address, a CIDR, a name, internet, inside, or one of ${HOST_FIELDS.map((field) => `${field}:…`).join(", ")}`;

const FIELD = new RegExp(`^(${HOST_FIELDS.join("|")}):(.+)$`, "i");
/** What nobody would call a host: digits and what separates them, which was meant for an address. */
const LIKE_ADDRESS = /^[0-9./]+$|^[0-9a-f]*:[0-9a-f:./]*$/i;

/** Undefined when it can't mean a host. */
export function parseEnd(text: string): EndTest | undefined {
  const network = parseCidr(text);
  if (network !== undefined) return { network };
  const word = text.toLowerCase();
  if (word === "internet" || word === "inside") return { side: word };
  const [, field, pattern] = FIELD.exec(text) ?? [];
  const known = HOST_FIELDS.find((each) => each === field?.toLowerCase());
  if (known !== undefined && pattern !== undefined) return { field: known, pattern };
  return LIKE_ADDRESS.test(text) ? undefined : { field: "name", pattern: text };
}

/** Whether a text is what was asked for, in upper or lower case; `*` stands for any characters. */
export function matcherOf(pattern: string): (text: string) => boolean {
  const pieces = pattern.split("*").map((piece) => piece.replaceAll(/[\\^$.+?()[\]{}|/-]/g, String.raw`\$&`));
  const expression = new RegExp(`^${pieces.join(".*")}$`, "is");
  return (text) => expression.test(text);
}

/** Whether any of the tests holds for an address, each looked at once. */
export function addressTest(
  ends: readonly EndTest[],
  values: AddressValues,
  hosts: Hosts,
): (address: number) => boolean {
  const tests = ends.map((end) => testOf(end, values, hosts));
  let verdicts = new Int8Array(0);
  return (address) => {
    if (address >= verdicts.length) {
      const room = new Int8Array(withRoom(new Uint8Array(0), address + 1).length * 2);
      room.set(verdicts);
      verdicts = room;
    }
    const known = verdicts[address] ?? 0;
    if (known !== 0) return known === 1;
    const verdict = tests.some((test) => test(address));
    verdicts[address] = verdict ? 1 : NONE;
    return verdict;
  };
}

function testOf(end: EndTest, values: AddressValues, hosts: Hosts): (address: number) => boolean {
  if ("network" in end) {
    const { words, version, prefix } = end.network;
    return (address) => values.isWithin(address, words, version, prefix);
  }
  if ("side" in end) return (address) => hosts.isInternet(address) === (end.side === "internet");
  const matches = matcherOf(end.pattern);
  return (address) => {
    const text = hosts.field(end.field, address);
    return text !== undefined && matches(text);
  };
}
