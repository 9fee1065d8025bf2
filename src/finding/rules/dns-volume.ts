import { clientsOfDns } from "../dns.js";
import type { Candidate, Rule } from "../finding.js";
import { bytesText, countText, listText } from "../sentence.js";
import { median } from "../statistics.js";
import { filter } from "../where.js";

/** Questions of an hour's browsing are some hundred kilobytes. */
const MIN_BYTES = 2_000_000;
/** Beyond what one host of them usually asks, and beyond the busiest tenth. */
const FACTOR = 20;
const FACTOR_OF_BUSY = 5;

/** Far more DNS than others: names can carry data out, and answers orders in. */
export const dnsVolume: Rule = {
  name: "dns-volume",
  technique: "T1048.003",
  needs: [],
  find(evidence) {
    const askers = clientsOfDns(evidence).map(({ client, rows }) => ({
      client,
      rows,
      sent: rows.reduce((sum, row) => sum + (evidence.sent[row] ?? 0), 0),
    }));
    const sums = askers.map(({ sent }) => sent);
    const usual = median(sums);
    // Of the others: whoever is a candidate is above it.
    const busy =
      sums.length < 2
        ? 0
        : (sums.toSorted((one, other) => one - other)[Math.floor(0.9 * (sums.length - 1))] ?? 0);
    return askers.flatMap(({ client, rows, sent }): Candidate[] => {
      if (sent < Math.max(MIN_BYTES, FACTOR * usual, FACTOR_OF_BUSY * busy)) return [];
      const servers = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
      return [
        {
          severity: "medium",
          score: sent / Math.max(MIN_BYTES / 10, usual) / 10,
          actor: client,
          targets: servers,
          ports: [53],
          rows,
          numbers: { bytes: sent, usualBytes: usual },
          title: () =>
            `${evidence.label(client)} sent ${bytesText(sent)} of DNS to ${listText(servers.map((server) => evidence.label(server)))}; other hosts here send about ${bytesText(usual)}`,
          where: () => filter({ from: [evidence.text(client)], port: [53, 853] }),
        },
      ];
    });
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "host")} sent far more DNS than others: ${listText(hosts)}`,
      where: filter({ from: hosts, port: [53, 853] }),
    };
  },
};
