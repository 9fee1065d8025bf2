import { SERVICE_PORTS } from "../../flow-log/services.js";
import { hostTerm } from "../state/filter.js";

/** Values that only one field has. */
const FIELD_OF: ReadonlyMap<string, string> = new Map([
  ["tcp", "protocol"],
  ["udp", "protocol"],
  ["icmp", "protocol"],
  ["accept", "action"],
  ["reject", "action"],
  ["flagged", "is"],
  ["rejected", "is"],
  ["served", "is"],
]);
const PORTS = /^\d{1,5}(?:-\d{1,5})?$/;
/** `dead:beef::1` is an address, not a field. */
const IPV6 = /^[\da-f]*:[\da-f]*:[\da-f:.]*(?:\/\d+)?$/i;

/** The term that a value without a field stands for: `ssh` is a service, `10.0.0.0/8` are hosts. Any other text stays. */
export function termFor(text: string): string {
  const [, minus = "", value = ""] = /^(-?)(.*)$/.exec(text) ?? [];
  const isBare = IPV6.test(value) || /^[^\s":,]+$/.test(value);
  return isBare ? `${minus}${fieldTerm(value)}` : text;
}

function fieldTerm(value: string): string {
  const word = value.toLowerCase();
  if (PORTS.test(word)) return `port:${word}`;
  if (SERVICE_PORTS.has(word)) return `service:${word}`;
  const field = FIELD_OF.get(word);
  return field === undefined ? hostTerm(value) : `${field}:${word}`;
}
