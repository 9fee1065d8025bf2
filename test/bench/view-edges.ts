import { setBigInt64, setInt64 } from "../../src/edges/int64.js";
import { ACCEPT, BATCH_ROWS, newBatch, newNames, REJECT, type EdgeBatch } from "../../src/edges/table.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import type { ByteTable } from "../../src/flow-log/byte-table.js";

const buffer = Buffer.alloc(300);

function intern(table: ByteTable, text: string): number {
  return table.intern(viewOf(buffer), 0, buffer.write(text, "latin1"));
}

/** So many edges of a company: pairs of both directions, half of the inside ones logged by both ends, some rejected. */
export function* madeEdges(edges: number, hosts: number): Generator<EdgeBatch> {
  const names = newNames();
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const addresses = Array.from({ length: hosts }, (_, i) =>
    intern(
      names.addresses,
      i % 4 === 3
        ? `${20 + random(150)}.${random(256)}.${random(256)}.${random(256)}`
        : `10.${i % 6}.${(i >> 8) % 256}.${(i >> 3) % 256}`,
    ),
  );
  const interfaces = addresses.map((_, i) =>
    intern(names.interfaces, `eni-${i.toString(16).padStart(17, "0")}`),
  );
  const account = intern(names.accounts, "123456789010");
  const vpcs = Array.from({ length: 6 }, (_, i) => intern(names.values, `vpc-${i}`));
  const ports = [443, 80, 22, 53, 3306, 5432, 8080, 9092];
  const columns = ["server", "serverBy", "flows", "tcpFlags", "first", "last", "active", "vpc_id"] as const;
  let left = edges;
  let [client, server, port, step] = [0, 0, 0, 4];
  while (left > 0) {
    const rows = Math.min(left, BATCH_ROWS);
    const batch = newBatch(names, rows, columns);
    for (let i = 0; i < rows; i++, step++) {
      if (step >= 4) {
        step = 0;
        client = random(hosts);
        server = random(hosts);
        port = ports[random(ports.length)] ?? 0;
        if (random(4) === 0) step = 2;
      }
      const isReply = step % 2 === 1;
      const logger = step < 2 ? client : server;
      batch.account[i] = account;
      batch.interface[i] = interfaces[logger] ?? 0;
      batch.source[i] = addresses[isReply ? server : client] ?? 0;
      batch.destination[i] = addresses[isReply ? client : server] ?? 0;
      batch.protocol[i] = port === 53 ? 17 : 6;
      batch.sourcePort[i] = isReply ? port : 0;
      batch.destinationPort[i] = isReply ? 0 : port;
      if (batch.server) batch.server[i] = isReply ? 1 : 2;
      if (batch.serverBy) batch.serverBy[i] = 2;
      batch.action[i] = random(30) === 0 ? REJECT : ACCEPT;
      setInt64(batch.packets, i, 1 + random(5000));
      setInt64(batch.bytes, i, 40 + random(5_000_000));
      if (batch.flows) setInt64(batch.flows, i, 1 + random(9));
      if (batch.tcpFlags) batch.tcpFlags[i] = isReply ? 19 : 3;
      if (batch.first) batch.first[i] = 1_717_200_000 + random(3000);
      if (batch.last) batch.last[i] = 1_717_203_000 + random(600);
      if (batch.active) setBigInt64(batch.active, i, 1n << BigInt(random(60)));
      const vpc = batch.further.vpc_id;
      if (vpc) vpc[i] = vpcs[logger % 6] ?? 0;
    }
    left -= rows;
    yield batch;
  }
}
