import { Readable } from "node:stream";
import type { Digester, DigestOfLines, TimeWindow } from "../../src/index.js";

/** A connection as your own source knows it. */
export interface Connection {
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly packets: number;
  readonly bytes: number;
  readonly end: Date;
}

/** Makes digests of connections that `find` gets from somewhere, a database for example. */
export class ConnectionsDigester implements Digester {
  readonly #find: (window: TimeWindow, signal: AbortSignal) => Promise<readonly Connection[]>;

  constructor(find: (window: TimeWindow, signal: AbortSignal) => Promise<readonly Connection[]>) {
    this.#find = find;
  }

  async digest(window: TimeWindow, signal: AbortSignal): Promise<DigestOfLines> {
    const connections = await this.#find(window, signal);
    // One line for each client, server and port. The client's own port is 0.
    const sums = new Map<string, { packets: bigint; bytes: bigint }>();
    for (const { client, server, port, packets, bytes } of connections) {
      const key = `${client} ${server} 0 ${port} 6`;
      const sum = sums.get(key) ?? { packets: 0n, bytes: 0n };
      sums.set(key, { packets: sum.packets + BigInt(packets), bytes: sum.bytes + BigInt(bytes) });
    }
    // The same on all lines: from the first record to the last.
    const times = connections.map(({ end }) => Math.floor(end.getTime() / 1000));
    const [start, end] = [Math.min(...times), Math.max(...times)];
    const lines = [...sums].map(
      ([key, { packets, bytes }]) => `2 - - ${key} ${packets} ${bytes} ${start} ${end} ACCEPT OK\n`,
    );
    return { body: Readable.from(lines, { objectMode: false }) };
  }
}
