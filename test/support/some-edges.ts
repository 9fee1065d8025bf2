import type { EdgeBatch } from "../../src/edges/table.js";
import { batchOf, type Row } from "../edges/rows.js";
import { newNames } from "../../src/edges/table.js";

/** `count` edges of one making, which tells itself in each: all of its edges carry `making` packets. */
export async function* someEdges(making: number, count: number, failure?: Error): AsyncGenerator<EdgeBatch> {
  const names = newNames();
  for (let from = 0; from < count; from += 1000) {
    const rows = Array.from({ length: Math.min(1000, count - from) }, (_, n) => edge(making, from + n));
    yield batchOf(names, rows, ["server", "serverBy", "flows", "tcpFlags", "first", "last", "active"]);
  }
  if (failure !== undefined) throw failure;
}

function edge(making: number, n: number): Row {
  return {
    account: "123456789010",
    interface: "eni-1",
    source: `10.0.${(n >> 8) & 255}.${n & 255}`,
    destination: "10.1.0.1",
    protocol: 6,
    sourcePort: 0,
    destinationPort: 443,
    server: 2,
    serverBy: 2,
    action: 1,
    packets: BigInt(making),
    bytes: BigInt(40 * making),
    flows: 1n,
    tcpFlags: 2,
    first: 1_559_347_200,
    last: 1_559_347_260,
    active: 1n,
    start: 1_559_347_200n,
    end: 1_559_347_260n,
    further: {},
  };
}
