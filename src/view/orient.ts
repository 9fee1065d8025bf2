import { REJECT, SERVER_RULES, SERVERS, type EdgeBatch } from "../edges/table.js";
import { withRoom } from "../flow-log/room.js";
import type { AddressValues } from "./address-values.js";
import { CLIENT_ACCEPTED, CLIENT_REJECTED, SERVER_ACCEPTED, SERVER_REJECTED } from "./conversations.js";

const BY_SOURCE = SERVERS.indexOf("src");
const BY_DESTINATION = SERVERS.indexOf("dst");
const LOWER = SERVER_RULES.indexOf("lower");
const SERVED = 1 << 24;

/** The edges of a batch, each as a part of a conversation. */
export class Oriented {
  rows = 0;
  /** Numbers of addresses. Where no end serves, in the order of addresses. */
  client = new Int32Array(0);
  server = new Int32Array(0);
  /** What they use in one number: whether an end serves, protocol, and the server's port. */
  service = new Int32Array(0);
  /** One of `TRAFFIC_KINDS`. */
  kind = new Uint8Array(0);
  /** A code of `SERVER_RULES`; 0 where the graph doesn't tell. */
  by = new Uint8Array(0);

  set(batch: EdgeBatch, values: AddressValues): void {
    const { rows, source, destination, sourcePort, destinationPort, protocol, action } = batch;
    const client = (this.client = withRoom(this.client, rows));
    const server = (this.server = withRoom(this.server, rows));
    const service = (this.service = withRoom(this.service, rows));
    const kind = (this.kind = withRoom(this.kind, rows));
    const serving = this.#servingEnds(batch);
    for (let i = 0; i < rows; i++) {
      const from = source[i] ?? 0;
      const to = destination[i] ?? 0;
      const end = serving[i] ?? 0;
      const isFromServer = end === 0 ? values.compare(from, to) > 0 : end === BY_SOURCE;
      client[i] = isFromServer ? to : from;
      server[i] = isFromServer ? from : to;
      const port = end === 0 ? 0 : ((isFromServer ? sourcePort[i] : destinationPort[i]) ?? 0);
      service[i] = (end === 0 ? 0 : SERVED) | ((protocol[i] ?? 0) << 16) | port;
      const isRejected = action[i] === REJECT;
      if (isFromServer) kind[i] = isRejected ? SERVER_REJECTED : SERVER_ACCEPTED;
      else kind[i] = isRejected ? CLIENT_REJECTED : CLIENT_ACCEPTED;
    }
    this.rows = rows;
  }

  /** Codes of `SERVERS`. */
  #servingEnds({ rows, server, serverBy, sourcePort, destinationPort }: EdgeBatch): Uint8Array {
    const by = (this.by = withRoom(this.by, rows));
    if (server !== undefined) {
      if (serverBy === undefined) by.fill(0, 0, rows);
      else by.set(serverBy);
      return server;
    }
    const ends = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      const from = sourcePort[i] ?? 0;
      const to = destinationPort[i] ?? 0;
      // A DOT has 0 for the end that doesn't serve. Whoever made one with both ports left it to the lower one.
      by[i] = from === 0 || to === 0 ? 0 : LOWER;
      if (from !== 0 || to !== 0)
        ends[i] = to === 0 || (from !== 0 && from < to) ? BY_SOURCE : BY_DESTINATION;
    }
    return ends;
  }
}

/** The columns that are in one number. */
export function servicesOf(services: Int32Array): {
  protocol: Uint8Array;
  port: Uint16Array;
  served: Uint8Array;
} {
  const rows = services.length;
  const protocol = new Uint8Array(rows);
  const port = new Uint16Array(rows);
  const served = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const service = services[row] ?? 0;
    protocol[row] = service >>> 16;
    port[row] = service;
    served[row] = service >>> 24;
  }
  return { protocol, port, served };
}
