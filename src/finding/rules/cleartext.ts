import { answeredByHostAndPort } from "../by-port.js";
import type { Rule } from "../finding.js";
import { portText } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** FTP, telnet, TFTP, POP3, NetBIOS and SMB, IMAP, SNMP, LDAP, rexec, rlogin, rsh, VNC: all that is read can be read by others. */
const PORTS = new Set([20, 21, 23, 69, 110, 139, 143, 161, 389, 445, 512, 513, 514, 2323, 5900]);
/** With so much, passwords and more went over. */
const MUCH = 100_000;

/** Telnet, FTP, SMB and the like across the Internet, in either direction, answered. */
export const cleartext: Rule = {
  name: "cleartext",
  technique: "T1040",
  needs: [],
  find(evidence) {
    const across = answeredByHostAndPort(
      evidence,
      (row, port) => PORTS.has(port) && (evidence.isOutbound(row) || evidence.isInbound(row)),
    );
    return across.map(({ host, port, rows }) => {
      const isClient = evidence.client[rows[0] ?? 0] === host;
      const ends = [
        ...new Set(rows.map((row) => (isClient ? evidence.server[row] : evidence.client[row]) ?? 0)),
      ];
      const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
      const texts = ends.map((end) => evidence.text(end));
      return {
        severity: bytes >= MUCH || port === 445 || port === 139 ? "medium" : "low",
        score: 1 + Math.log10(1 + bytes / 1000),
        actor: host,
        targets: ends,
        ports: [port],
        rows,
        numbers: { bytes, ends: ends.length },
        title: () =>
          `${evidence.label(host)} ${isClient ? "used" : "answered"} ${portText(port)}, which is not encrypted, ${isClient ? "of" : "to"} ${evidence.labelOf(ends)} on the Internet: ${bytesText(bytes)} both ways`,
        where: () =>
          isClient
            ? filter({ from: [evidence.text(host)], to: texts, port: [port] })
            : filter({ from: texts, to: [evidence.text(host)], port: [port] }),
        key: String(port),
      };
    });
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "host")} used services that are not encrypted across the Internet: ${listText(ports.map(portText))}`,
      where: filter({ host: hosts, port: ports }),
    };
  },
};
