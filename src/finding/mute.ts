import { type Cidr, parseCidr } from "../flow-log/cidr.js";
import type { Evidence } from "./evidence.js";
import type { Candidate } from "./finding.js";

/** What is known and needn't be said: findings of a rule, about hosts in a network, on a port. Undefined: any. */
export interface Mute {
  readonly rule: string | undefined;
  readonly network: Cidr | undefined;
  readonly port: number | undefined;
}

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
    const network = cidr === "*" ? undefined : parseCidr(cidr);
    if (cidr !== "*" && network === undefined) return fault("* or a CIDR such as 10.0.0.0/8", cidr);
    if (port !== "*" && !(/^\d{1,5}$/.test(port) && Number(port) < 65_536)) {
      return fault("* or a port from 0 to 65535", port);
    }
    return [
      { rule: rule === "*" ? undefined : rule, network, port: port === "*" ? undefined : Number(port) },
    ];
  });
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
