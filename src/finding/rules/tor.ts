import { answeredByHostAndPort } from "../by-port.js";
import type { Rule } from "../finding.js";
import { countText, listText } from "../sentence.js";
import { toInternetPort } from "../to-internet-port.js";
import { filter } from "../where.js";

/** Of relays and directories, and of the programs' own proxies. Most relays also listen on 443, where nobody can tell them. */
const PORTS = new Set([9001, 9030, 9050, 9051, 9150, 9151]);
/** Clients in a window above which it is something that the company uses. */
const MOST_CLIENTS = 2;

/** An inside host talks to the Internet on a port of Tor relays. */
export const tor: Rule = {
  name: "tor",
  technique: "T1090.003",
  needs: [],
  find(evidence) {
    const out = answeredByHostAndPort(evidence, (row, port) => PORTS.has(port) && evidence.isOutbound(row));
    return out
      .filter(({ port }) => out.filter((other) => other.port === port).length <= MOST_CLIENTS)
      .map((use) =>
        toInternetPort(evidence, use, { severity: "medium", known: "on which Tor relays listen" }),
      );
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "host")} talked to the Internet on ports on which Tor relays listen: ${listText(hosts)}`,
      where: filter({ from: hosts, to: "internet", port: [...PORTS] }),
    };
  },
};
