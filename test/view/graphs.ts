import * as fc from "fast-check";
import { ACCEPT, NONE, REJECT } from "../../src/edges/table.js";
import type { Row } from "../edges/rows.js";

const ENDS =
  /^(?<source>\S+?)(?:(?<=\.\d+):(?<sourcePort>\d+))? > (?<destination>\S+?)(?:(?<=\.\d+):(?<destinationPort>\d+))?$/;

/** An edge written as `10.0.0.1 > 10.0.0.2:443`: the end with a port serves. */
export function edge(ends: string, values: Partial<Row> = {}): Row {
  const { source, sourcePort, destination, destinationPort } = ENDS.exec(ends)?.groups ?? {};
  if (source === undefined || destination === undefined) throw new Error(`no edge: ${ends}`);
  return {
    account: "123456789010",
    interface: "eni-1",
    source,
    destination,
    protocol: 6,
    sourcePort: Number(sourcePort ?? 0),
    destinationPort: Number(destinationPort ?? 0),
    server: sourcePort === undefined ? (destinationPort === undefined ? 0 : 2) : 1,
    serverBy: 1,
    action: ACCEPT,
    packets: 1n,
    bytes: 40n,
    flows: 1n,
    tcpFlags: NONE,
    first: 1_717_200_000,
    last: 1_717_200_060,
    active: 1n,
    start: 1_717_200_000n,
    end: 1_717_203_600n,
    further: {},
    ...values,
  };
}

const address = fc.constantFrom(
  "10.0.0.1",
  "10.0.0.2",
  "10.1.0.1",
  "192.0.2.1",
  "203.0.113.7",
  "2001:db8::1",
);
const count = fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 0n, max: 2n ** 56n }));

/** Few ends and services, so that edges meet. */
export const graphRows: fc.Arbitrary<Row[]> = fc.array(
  fc
    .record({
      account: fc.constantFrom("111111111111", "222222222222"),
      interface: fc.constantFrom("eni-a", "eni-b", "eni-c"),
      source: address,
      destination: address,
      protocol: fc.constantFrom(6, 17),
      port: fc.constantFrom(22, 443, 3306),
      server: fc.integer({ min: 0, max: 2 }),
      action: fc.constantFrom(ACCEPT, REJECT),
      bytes: count,
      packets: count,
      flows: count,
      vpc: fc.constantFrom("vpc-1", "vpc-2", null),
    })
    .map(({ source, destination, port, server, vpc, ...values }) =>
      edge(`${source} > ${destination}`, {
        ...values,
        server,
        sourcePort: server === 1 ? port : 0,
        destinationPort: server === 2 ? port : 0,
        further: { vpc_id: vpc },
      }),
    ),
  { maxLength: 60 },
);
