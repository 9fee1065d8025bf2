/** https://www.iana.org/assignments/protocol-numbers: those that flow logs have. */
const PROTOCOLS: readonly (readonly [number, string])[] = [
  [1, "icmp"],
  [2, "igmp"],
  [4, "ipip"],
  [6, "tcp"],
  [17, "udp"],
  [41, "ipv6"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "icmpv6"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
  [132, "sctp"],
];

const NAMES: ReadonlyMap<number, string> = new Map(PROTOCOLS);
const NUMBERS: ReadonlyMap<string, number> = new Map(PROTOCOLS.map(([number, name]) => [name, number]));

/** Its name, or its number where it has none here. */
export function protocolName(protocol: number): string {
  return NAMES.get(protocol) ?? String(protocol);
}

export function protocolNumber(text: string): number | undefined {
  const number = NUMBERS.get(text.toLowerCase());
  if (number !== undefined) return number;
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
}

export const PROTOCOL_NAMES: readonly string[] = PROTOCOLS.map(([, name]) => name);
