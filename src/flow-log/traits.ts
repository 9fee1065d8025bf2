/**
 * What records say besides their sums, in one word: the TCP flags of all, OR-ed, in the low 8 bits; whether any told
 * flags at all; and by which rule it was decided which end serves.
 */
const FLAG_BITS = 0xff;
const HAS_FLAGS = 0x100;
const RULE_SHIFT = 16;

/** https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html: tcp-flags, OR-ed over the interval. */
const SYN = 2;
const ACK = 16;

/** The rules that tell which end serves, the weakest first. */
export const [NO_RULE, LOWER, PEERS, KNOWN, FLAGS] = [0, 1, 2, 3, 4];

/** @param flags those of a record, -1 where its log has none */
export function traitsOf(flags: number): number {
  return flags < 0 ? 0 : HAS_FLAGS | (flags & FLAG_BITS);
}

export function withRule(traits: number, rule: number): number {
  return (traits & 0xffff) | (rule << RULE_SHIFT);
}

/** The flags of both, and the stronger rule. */
export function mergeTraits(one: number, other: number): number {
  return ((one | other) & 0xffff) | (Math.max(one >>> RULE_SHIFT, other >>> RULE_SHIFT) << RULE_SHIFT);
}

/** Whether these flags were sent by a server that accepts a connection. */
export function accepts(traits: number): boolean {
  return (traits & SYN) !== 0 && (traits & ACK) !== 0;
}

/** Whether these flags were sent to a server, by a client that wants a connection. */
export function asks(traits: number): boolean {
  return (traits & SYN) !== 0 && (traits & ACK) === 0;
}
