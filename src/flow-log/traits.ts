/**
 * What records say besides their sums, in one word: the TCP flags of all, OR-ed, in the low 8 bits; whether any told flags
 * at all, accepted a connection, or asked for one; and by which rule it was decided which end serves.
 */
const FLAG_BITS = 0xff;
const HAS_FLAGS = 0x100;
const ACCEPTS = 0x200;
const ASKS = 0x400;
const RULE_SHIFT = 16;

/** https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html: tcp-flags, OR-ed over the interval. */
const SYN = 2;
const ACK = 16;

/** The rules that tell which end serves, the weakest first. */
export const [NO_RULE, LOWER, PEERS, KNOWN, FLAGS] = [0, 1, 2, 3, 4];

/** @param flags those of a record, -1 where its log has none */
export function traitsOf(flags: number): number {
  if (flags < 0) return 0;
  const handshake = (flags & SYN) === 0 ? 0 : (flags & ACK) === 0 ? ASKS : ACCEPTS;
  return HAS_FLAGS | handshake | (flags & FLAG_BITS);
}

/** What records that were summed elsewhere say together. */
export interface SummedTraits {
  /** The TCP flags of all, OR-ed; -1 where their log has none. */
  readonly flags: number;
  /** Whether any record accepted a connection, or asked for one: OR-ed flags don't tell. */
  readonly accepts: boolean;
  readonly asks: boolean;
  /** The strongest rule by which it was decided which end serves. */
  readonly rule: number;
}

export function traitsOfSum({ flags, accepts, asks, rule }: SummedTraits): number {
  const told = flags < 0 ? 0 : HAS_FLAGS | (flags & FLAG_BITS);
  return withRule(told | (accepts ? ACCEPTS : 0) | (asks ? ASKS : 0), rule);
}

export function withRule(traits: number, rule: number): number {
  return (traits & 0xffff) | (rule << RULE_SHIFT);
}

/** Whether any record was sent by a server that accepts a connection. */
export function accepts(traits: number): boolean {
  return (traits & ACCEPTS) !== 0;
}

/** Whether any record was sent to a server, by a client that wants a connection. */
export function asks(traits: number): boolean {
  return (traits & ASKS) !== 0;
}

/** Whether flags say that one of the ends serves, or that both do. */
export function tellsServer(traits: number): boolean {
  return (traits & (ACCEPTS | ASKS)) !== 0;
}

/** The TCP flags of all records, undefined where their log has none. */
export function flagsOf(traits: number): number | undefined {
  return (traits & HAS_FLAGS) === 0 ? undefined : traits & FLAG_BITS;
}

export function ruleOf(traits: number): number {
  return traits >>> RULE_SHIFT;
}
