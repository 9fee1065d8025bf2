import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KNOWN_PORTS } from "../../src/flow-log/services.js";
import { FLAGS, KNOWN, LOWER, PEERS } from "../../src/flow-log/traits.js";
import { read } from "./reading.js";

const FIELDS =
  "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags";
const START = 1418529600;

interface Flow {
  readonly interface: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly flags: number | undefined;
  readonly action: string;
}

const CALL: Flow = {
  interface: "eni-1",
  source: "10.0.0.1",
  destination: "10.0.0.2",
  sourcePort: 40_000,
  destinationPort: 50_051,
  protocol: 6,
  packets: 1,
  flags: undefined,
  action: "ACCEPT",
};

function lineOf(flow: Flow): string {
  const { source, destination, sourcePort, destinationPort, protocol, packets, flags, action } = flow;
  return `${flow.interface} ${source} ${destination} ${sourcePort} ${destinationPort} ${protocol} ${packets} ${packets * 40} ${START} ${START + 60} ${action} ${flags ?? "-"}\n`;
}

function logOf(flows: readonly Flow[]): string[] {
  return [`${FIELDS}\n`, ...flows.map(lineOf)];
}

/** What becomes of the ports: each row as `source:port destination:port packets`. */
function rowsOf(flows: readonly Flow[]): string[] {
  const { lines } = read(logOf(flows));
  return lines.map((line) => {
    const [, , , source, destination, sourcePort, destinationPort, , packets] = line.split(" ");
    return `${source}:${sourcePort} ${destination}:${destinationPort} ${packets}`;
  });
}

function answer(flow: Flow): Flow {
  return {
    ...flow,
    source: flow.destination,
    destination: flow.source,
    sourcePort: flow.destinationPort,
    destinationPort: flow.sourcePort,
  };
}

describe("a service that is called two thousand times from ephemeral ports is one row a direction", () => {
  const calls = Array.from({ length: 2000 }, (_, n) => ({
    ...CALL,
    sourcePort: 32_768 + ((n * 7919) % 28_232),
  }));
  const expected = ["10.0.0.1:0 10.0.0.2:50051 2000", "10.0.0.2:50051 10.0.0.1:0 2000"];

  test("without tcp-flags", () => {
    expect(rowsOf(calls.flatMap((call) => [call, answer(call)]))).toEqual(expected);
  });

  test("with tcp-flags, those of connections that were open before included", () => {
    const flows = calls.flatMap((call, n): Flow[] => [
      { ...call, flags: n % 10 === 0 ? 3 : 0 },
      { ...answer(call), flags: n % 10 === 0 ? 19 : 0 },
    ]);
    expect(rowsOf(flows)).toEqual(expected);
  });
});

describe("the first rule that tells two endpoints apart decides", () => {
  test("flags, whichever port is known", () => {
    const flow = { ...CALL, sourcePort: 443 };
    expect(rowsOf([{ ...flow, flags: 2 }])).toEqual(["10.0.0.1:0 10.0.0.2:50051 1"]);
    expect(rowsOf([{ ...flow, flags: 18 }])).toEqual(["10.0.0.1:443 10.0.0.2:0 1"]);
  });

  test("flags of another record, with another peer", () => {
    const other = { ...CALL, source: "10.0.0.9", sourcePort: 60_000, destinationPort: 60_999, flags: 2 };
    expect(rowsOf([{ ...CALL, sourcePort: 45_000, destinationPort: 60_999 }, other])).toEqual([
      "10.0.0.1:0 10.0.0.2:60999 1",
      "10.0.0.9:0 10.0.0.2:60999 1",
    ]);
  });

  test("flags that say that both serve tell nothing: then the known port", () => {
    const flow = { ...CALL, destinationPort: 443 };
    expect(
      rowsOf([
        { ...flow, flags: 18 },
        { ...answer(flow), flags: 18 },
      ]),
    ).toEqual(["10.0.0.1:0 10.0.0.2:443 1", "10.0.0.2:443 10.0.0.1:0 1"]);
  });

  test("a known port, though the other is lower", () => {
    expect(rowsOf([{ ...CALL, sourcePort: 1025, destinationPort: 8080 }])).toEqual([
      "10.0.0.1:0 10.0.0.2:8080 1",
    ]);
    expect(rowsOf([{ ...CALL, sourcePort: 27_017, destinationPort: 1500 }])).toEqual([
      "10.0.0.1:27017 10.0.0.2:0 1",
    ]);
  });

  test("twice as many counterparts, though its port is higher", () => {
    const other = { ...CALL, sourcePort: 40_001 };
    expect(rowsOf([CALL, other])).toEqual(["10.0.0.1:0 10.0.0.2:50051 2"]);
    expect(rowsOf([other])).toEqual(["10.0.0.1:40001 10.0.0.2:0 1"]);
  });

  test("counterparts are counted once, however many interfaces and directions saw them", () => {
    const seen = [CALL, answer(CALL), { ...CALL, interface: "eni-2" }, { ...CALL, action: "REJECT" }];
    expect(new Set(rowsOf(seen).map((row) => row.includes(":40000")))).toEqual(new Set([true]));
  });

  test("an endpoint that talks to itself is its own counterpart, once", () => {
    // 50051 has four counterparts and the other end two, itself among them: three would not be twice as few.
    const calls = [
      CALL,
      { ...CALL, destination: CALL.source, destinationPort: CALL.sourcePort },
      { ...CALL, source: "10.0.0.3", sourcePort: 60_000 },
      { ...CALL, source: "10.0.0.3", sourcePort: 60_001 },
      { ...CALL, source: "10.0.0.3", sourcePort: 60_002 },
    ];
    expect(rowsOf(calls)).toContain("10.0.0.1:0 10.0.0.2:50051 1");
  });

  test("the lower port, at a tie the destination's", () => {
    expect(rowsOf([{ ...CALL, sourcePort: 50_000 }])).toEqual(["10.0.0.1:50000 10.0.0.2:0 1"]);
    expect(rowsOf([{ ...CALL, sourcePort: 50_051 }])).toEqual(["10.0.0.1:0 10.0.0.2:50051 1"]);
  });

  test("a port that is 0 already stays so, as in a digest", () => {
    expect(rowsOf([{ ...CALL, sourcePort: 0, destinationPort: 60_000 }])).toEqual([
      "10.0.0.1:0 10.0.0.2:60000 1",
    ]);
    expect(rowsOf([{ ...CALL, sourcePort: 60_000, destinationPort: 0 }])).toEqual([
      "10.0.0.1:60000 10.0.0.2:0 1",
    ]);
    expect(rowsOf([{ ...CALL, sourcePort: 0, destinationPort: 0, protocol: 1 }])).toEqual([
      "10.0.0.1:0 10.0.0.2:0 1",
    ]);
  });
});

function known(port: number): boolean {
  return KNOWN_PORTS[port] === 1;
}

/** The four rules, written for reading: sets of texts, every record looked at once all are known. */
function oracle(flows: readonly Flow[]): string[] {
  const served = new Set<string>();
  const peers = new Map<string, Set<string>>();
  const source = (flow: Flow) => `${flow.source} ${flow.sourcePort} ${flow.protocol}`;
  const destination = (flow: Flow) => `${flow.destination} ${flow.destinationPort} ${flow.protocol}`;
  const open: Flow[] = [];
  for (const flow of flows) {
    const syn = ((flow.flags ?? 0) & 2) !== 0;
    const ack = ((flow.flags ?? 0) & 16) !== 0;
    if (syn) served.add(ack ? source(flow) : destination(flow));
    if (flow.sourcePort === 0 || flow.destinationPort === 0) continue;
    const knows = known(flow.sourcePort) !== known(flow.destinationPort);
    const contradicted = syn && known(flow.sourcePort) !== ack;
    if (!knows || contradicted) open.push(flow);
  }
  for (const flow of open) {
    for (const [one, other] of [
      [source(flow), destination(flow)],
      [destination(flow), source(flow)],
    ] as const) {
      peers.set(one, (peers.get(one) ?? new Set()).add(other));
    }
  }
  const isOpen = new Set(open);
  const sourceServes = (flow: Flow): boolean => {
    const [one, other] = [source(flow), destination(flow)];
    if (isOpen.has(flow) && served.has(one) !== served.has(other)) return served.has(one);
    if (known(flow.sourcePort) !== known(flow.destinationPort)) return known(flow.sourcePort);
    const [ones, others] = [peers.get(one)?.size ?? 0, peers.get(other)?.size ?? 0];
    if (ones >= 2 * others) return true;
    if (others >= 2 * ones) return false;
    return flow.sourcePort < flow.destinationPort;
  };
  const rows = new Map<string, number>();
  for (const flow of flows) {
    let { sourcePort, destinationPort } = flow;
    if (sourcePort !== 0 && destinationPort !== 0) {
      if (sourceServes(flow)) destinationPort = 0;
      else sourcePort = 0;
    }
    const key = `${flow.interface} ${flow.source} ${flow.destination} ${sourcePort} ${destinationPort} ${flow.protocol} ${flow.action}`;
    rows.set(key, (rows.get(key) ?? 0) + flow.packets);
  }
  return [...rows].map(([key, packets]) => `${key} ${packets}`).toSorted();
}

const port = fc.constantFrom(0, 22, 443, 1025, 8080, 9090, 40_000, 40_001, 50_051, 60_000);
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1");
const anyFlow: fc.Arbitrary<Flow> = fc.record({
  interface: fc.constantFrom("eni-1", "eni-2"),
  source: address,
  destination: address,
  sourcePort: port,
  destinationPort: port,
  protocol: fc.constantFrom(6, 17),
  packets: fc.integer({ min: 0, max: 9 }),
  flags: fc.constantFrom(undefined, 0, 1, 2, 3, 4, 6, 16, 18, 19, 20, 23),
  action: fc.constantFrom("ACCEPT", "REJECT"),
});

test("an oracle of the four rules agrees on any records", () => {
  fc.assert(
    fc.property(fc.array(anyFlow, { maxLength: 40 }), (flows) => {
      const { lines } = read(logOf(flows));
      const rows = lines.map((line) => {
        const fields = line.split(" ");
        return `${fields.slice(2, 8).join(" ")} ${fields[12]} ${fields[8]}`;
      });
      expect(rows.toSorted()).toEqual(oracle(flows));
    }),
    { numRuns: 500 },
  );
});

/** Packets and bytes of two addresses, a protocol and an action, each part digested by itself. */
function sums(parts: readonly (readonly Flow[])[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const part of parts) {
    for (const line of read(logOf(part)).lines) {
      const [, , , source, destination, , , protocol, packets, bytes, , , action] = line.split(" ");
      for (const [unit, value] of [
        ["packets", packets],
        ["bytes", bytes],
      ]) {
        const key = `${source} ${destination} ${protocol} ${action} ${unit}`;
        total.set(key, (total.get(key) ?? 0) + Number(value));
      }
    }
  }
  return total;
}

test("what is known of each row doesn't depend on the order of records", () => {
  const shuffled = fc
    .array(anyFlow, { maxLength: 40 })
    .chain((flows) =>
      fc.tuple(
        fc.constant(flows),
        fc.shuffledSubarray(flows, { minLength: flows.length, maxLength: flows.length }),
      ),
    );
  fc.assert(
    fc.property(shuffled, ([flows, others]) => {
      expect(read(logOf(others)).sums).toEqual(read(logOf(flows)).sums);
    }),
  );
});

test("a row tells its flows, times, activity, flags and rule", () => {
  const header = "srcaddr dstaddr srcport dstport protocol packets bytes start end tcp-flags\n";
  const flow = (port: number, from: number, flags: string) =>
    `10.0.0.1 10.0.0.2 ${port} 50051 6 2 80 ${START + from} ${START + from + 30} ${flags}\n`;
  expect(read([header, flow(40_000, 0, "2"), flow(40_001, 1800, "1"), flow(40_002, 3500, "-")]).sums).toEqual(
    [
      {
        key: "- 10.0.0.1:0 10.0.0.2:50051 6 0",
        flows: 3,
        first: START,
        last: START + 3530,
        active: (1n << 0n) | (1n << 30n) | (1n << 58n),
        flags: 3,
        rule: FLAGS,
        packets: 6,
        bytes: 240,
      },
    ],
  );
  expect(read([header, flow(40_000, 0, "-")]).sums).toMatchObject([{ flags: undefined, rule: LOWER }]);
  expect(read([header, flow(443, 0, "0")]).sums).toMatchObject([{ flags: 0, rule: KNOWN }]);
  expect(read([header, flow(50_000, 0, "-"), flow(60_000, 0, "-")]).sums).toMatchObject([{ rule: PEERS }]);
});

test("packets and bytes of two addresses, a protocol and an action add up over any split", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyFlow, { maxLength: 10 }), { maxLength: 5 }), (parts) => {
      expect(sums(parts)).toEqual(sums([parts.flat()]));
    }),
  );
});
