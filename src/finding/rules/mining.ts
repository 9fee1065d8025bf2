import { answeredByHostAndPort } from "../by-port.js";
import type { Rule } from "../finding.js";
import { countText, listText } from "../sentence.js";
import { toInternetPort } from "../to-internet-port.js";
import { filter } from "../where.js";

/** Ports of Stratum, as large pools publish them, and hardly anything else: https://miningpoolstats.stream lists pools. */
const POOL_PORTS = new Set([
  3333, 3334, 3335, 3336, 13_333, 14_433, 14_444, 45_560, 45_700, 17_777, 20_535, 20_555,
]);
/** Pools listen on them as well as other programs. */
const SHARED_PORTS = new Set([5555, 7777, 9999]);
/** Clients in a window above which a shared port is something that the company uses. */
const MOST_CLIENTS = 2;

/** An inside host talks to the Internet on a port of mining pools. */
export const mining: Rule = {
  name: "mining",
  technique: "T1496",
  needs: [],
  find(evidence) {
    const out = answeredByHostAndPort(
      evidence,
      (row, port) => (POOL_PORTS.has(port) || SHARED_PORTS.has(port)) && evidence.isOutbound(row),
    );
    return out
      .filter(
        ({ port }) =>
          POOL_PORTS.has(port) || out.filter((other) => other.port === port).length <= MOST_CLIENTS,
      )
      .map((use) =>
        toInternetPort(evidence, use, {
          severity: POOL_PORTS.has(use.port) ? "high" : "medium",
          known: "on which mining pools listen",
        }),
      );
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "host")} talked to the Internet on ports on which mining pools listen: ${listText(hosts)}`,
      where: filter({ from: hosts, to: "internet", port: ports }),
    };
  },
};
