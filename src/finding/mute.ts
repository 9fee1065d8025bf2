import { isIP } from "node:net";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { readAddress } from "../flow-log/address-value.js";
import type { Evidence } from "./evidence.js";
import type { Candidate } from "./finding.js";

/** What is known and needn't be said: findings of a rule, about hosts in a network, on a port. Undefined: any. */
export interface Mute {
  readonly rule: string | undefined;
  readonly network: Network | undefined;
  readonly port: number | undefined;
}

interface Network {
  readonly words: Uint32Array;
  readonly version: 4 | 6;
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/**
 * Reads lines of `rule,cidr,port`, `*` for any. Blank lines and those that begin with `#` say nothing.
 *
 * @throws SyntaxError that names the first line that can't be read, what was expected and what was there
 */
export function parseMutes(text: string, rules: readonly string[]): Mute[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const fields = line.split(",").map((field) => field.trim());
    const fault = (expected: string, got: string): never => {
      throw new SyntaxError(`line ${index + 1}: expected ${expected}, got ${got}`);
    };
    const [rule = "", cidr = "", port = ""] = fields;
    if (fields.length !== 3) return fault("rule,cidr,port", line);
    if (rule !== "*" && !rules.includes(rule)) return fault(`* or a rule (${rules.join(", ")})`, rule);
    const network = cidr === "*" ? undefined : networkOf(cidr);
    if (network === null) return fault("* or a CIDR such as 10.0.0.0/8", cidr);
    if (port !== "*" && !(/^\d{1,5}$/.test(port) && Number(port) < 65_536)) {
      return fault("* or a port from 0 to 65535", port);
    }
    return [
      { rule: rule === "*" ? undefined : rule, network, port: port === "*" ? undefined : Number(port) },
    ];
  });
}

/** Null when it is none. An address alone is a network of its own. */
function networkOf(cidr: string): Network | null {
  const [address = "", bits, ...more] = cidr.split("/");
  const version = isIP(address);
  if ((version !== 4 && version !== 6) || address.includes("%") || more.length > 0) return null;
  const prefix = bits === undefined ? BITS[version] : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= BITS[version])) return null;
  const bytes = Buffer.from(`${address}${" ".repeat(OVERRUN_BYTES)}`, "latin1");
  const words = new Uint32Array(4);
  readAddress(viewOf(bytes), 0, address.length, words);
  return { words, version, prefix };
}

/** Whether all that a finding would say of ports is muted, and its actor, or everybody else in it. */
export function isMuted(
  candidate: Candidate,
  rule: string,
  mutes: readonly Mute[],
  evidence: Evidence,
): boolean {
  const { actor, targets, ports } = candidate;
  return mutes.some((mute) => {
    if (mute.rule !== undefined && mute.rule !== rule) return false;
    if (mute.port !== undefined && !(ports.length > 0 && ports.every((port) => port === mute.port)))
      return false;
    const { network } = mute;
    if (network === undefined) return true;
    const isIn = (host: number) =>
      evidence.conversations.values.isWithin(
        evidence.address[host] ?? 0,
        network.words,
        network.version,
        network.prefix,
      );
    return isIn(actor) || (targets.length > 0 && targets.every(isIn));
  });
}
