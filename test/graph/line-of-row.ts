import type { Row } from "../edges/rows.js";

/** A row as a line of a digest. */
export function lineOfRow(row: Row): string {
  const { account, interface: eni, source, destination, sourcePort, destinationPort, protocol } = row;
  const action = ["-", "ACCEPT", "REJECT"][row.action];
  const fields = [2, account, eni, source, destination, sourcePort, destinationPort, protocol];
  return `${[...fields, row.packets, row.bytes, row.start, row.end, action, "OK"].join(" ")}\n`;
}
