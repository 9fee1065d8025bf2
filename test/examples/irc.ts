import { answeredByHostAndPort } from "../../src/finding/by-port.js";
import type { Rule } from "../../src/finding/finding.js";
import { countText, listText } from "../../src/finding/sentence.js";
import { toInternetPort } from "../../src/finding/to-internet-port.js";
import { filter } from "../../src/finding/where.js";

/** Chat servers, from which some malware still takes its orders. */
const PORTS = new Set([6667, 6697]);

/** An inside host got answers from the Internet on a port of IRC. */
export const irc: Rule = {
  name: "irc",
  technique: "T1071",
  needs: [],
  find(evidence) {
    const found = answeredByHostAndPort(evidence, (row, port) => PORTS.has(port) && evidence.isOutbound(row));
    return found.map((use) => toInternetPort(evidence, use, { severity: "low", known: "which IRC uses" }));
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "host")} used IRC: ${listText(hosts)}`,
      where: filter({ from: hosts, to: "internet", port: [...PORTS] }),
    };
  },
};
