import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { MissingVpcError } from "../../src/flow-log/record.js";
import { read } from "./reading.js";

const FIELDS: Record<string, string> = {
  version: "5",
  "account-id": "123456789010",
  "interface-id": "eni-abc123de",
  srcaddr: "10.0.0.1",
  dstaddr: "10.0.0.2",
  srcport: "40000",
  dstport: "443",
  protocol: "6",
  packets: "3",
  bytes: "300",
  start: "1418530010",
  end: "1418530070",
  action: "ACCEPT",
  "log-status": "OK",
  "pkt-srcaddr": "192.0.2.1",
  "pkt-dstaddr": "-",
  "tcp-flags": "3",
  "flow-direction": "ingress",
  "instance-tag": "Name%3Dweb%201",
  "some-later-field": "what%20ever",
};
const SUMMED = "2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 0 443 6 3 300 1418530010 1418530070 ACCEPT OK";

function log(names: readonly string[], ...records: Record<string, string>[]): string {
  const lines = records.map((record) => names.map((name) => record[name] ?? FIELDS[name]).join(" "));
  return `${[names.join(" "), ...lines].join("\n")}\n`;
}

describe("fields by header", () => {
  test("in any order, with unknown ones among them", () => {
    const names = fc.shuffledSubarray(Object.keys(FIELDS), { minLength: Object.keys(FIELDS).length });
    fc.assert(
      fc.property(names, (order) => {
        expect(read([log(order, {})]).lines).toEqual([SUMMED]);
      }),
    );
  });

  test("a subset gives the rest their absent values", () => {
    const subset = "end start bytes packets protocol dstport srcport dstaddr srcaddr".split(" ");
    expect(read([log(subset, {})]).lines).toEqual([
      "2 - - 10.0.0.1 10.0.0.2 0 443 6 3 300 1418530010 1418530070 - OK",
    ]);
  });

  test("a second header, as between files that were joined, is followed from there on", () => {
    const other = Object.keys(FIELDS).toReversed();
    const { lines, counts } = read([log(DEFAULT_FORMAT, { version: "2" }), log(other, {})]);
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 6 600 ")]);
    expect(counts.records).toBe(2);
  });

  test("without a header, the format that was given", () => {
    const fields = "srcaddr dstaddr srcport dstport protocol packets bytes start end".split(" ");
    const [, line = ""] = log(fields, {}).split("\n");
    expect(read([line], "interface", fields).lines).toHaveLength(1);
  });

  test("of Transit Gateways, where the attachment stands for the interface", () => {
    const names =
      "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id " +
      "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id " +
      "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type " +
      "packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region " +
      "flow-direction pkt-src-aws-service pkt-dst-aws-service";
    const values =
      "6 TransitGateway 123456789010 tgw-0a1 tgw-attach-0b2 123456789010 123456789010 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 " +
      "use1-az1 use1-az2 tgw-attach-0c3 10.0.0.1 10.1.0.1 40000 443 6 3 300 1418530010 1418530070 OK IPv4 0 0 0 0 3 " +
      "us-east-1 ingress - -";
    expect(read([`${names}\n${values}\n`]).lines).toEqual([
      "2 123456789010 tgw-attach-0b2 10.0.0.1 10.1.0.1 0 443 6 3 300 1418530010 1418530070 - OK",
    ]);
  });

  test("of a CloudWatch export, with a timestamp before each line", () => {
    const line = `2 ${SUMMED.slice(2).replace(" 0 443 ", " 40000 443 ")}`;
    const stamped = ["2014-12-14T04:08:30.000Z", "2014-12-14T04:08:31Z"].map((time) => `${time} ${line}`);
    const nodata =
      "2014-12-14T04:08:30.000Z 2 123456789010 eni-1 - - - - - - - 1418530010 1418530070 - NODATA";
    const { lines, counts } = read([[stamped[0], nodata, stamped[1]].join("\n")]);
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 6 600 ")]);
    expect(counts).toMatchObject({ records: 3, nodata: 1 });
  });
});

describe("addresses", () => {
  const names = Object.keys(FIELDS);

  test("of the packet, or of the interface where the packet's is absent", () => {
    expect(read([log(names, {})], "packet").lines).toEqual([SUMMED.replace("10.0.0.1", "192.0.2.1")]);
  });

  test("of the packet where a format has no others", () => {
    const subset = names.filter((name) => name !== "srcaddr" && name !== "dstaddr");
    const { lines } = read([log(subset, { "pkt-dstaddr": "192.0.2.2" })]);
    expect(lines[0]).toContain(" 192.0.2.1 192.0.2.2 ");
  });

  test("a record without any is counted", () => {
    const { lines, counts } = read([log(names, { dstaddr: "-" })], "packet");
    expect(lines).toEqual([]);
    expect(counts.noAddress).toBe(1);
  });
});

const unusual: Record<string, fc.Arbitrary<string>> = {
  version: fc.constantFrom("2", "11", "", "-", "x", "1000"),
  address: fc.constantFrom(
    "10.0.0.1",
    "::1",
    "FE80::1",
    "::ffff:1.2.3.4",
    "-",
    "1.2.3",
    "10.0.0.01",
    "fe80::1%1",
    "é",
  ),
  port: fc.constantFrom("0", "443", "65535", "65536", "-", "-1", "080", "1e3"),
  count: fc.constantFrom(
    "0",
    "1",
    "999999999999999",
    "4503599627370496",
    "9223372036854775807",
    "9223372036854775808",
    "-",
  ),
  time: fc.constantFrom(
    "1418529599",
    "1418529600",
    "1418533199",
    "1418533200",
    "1418533671",
    "1418530070000",
    "443",
    "-",
    "now",
  ),
  name: fc.constantFrom("eni-1", "-", "unknown", '"', "\t", "a".repeat(256), "a".repeat(257)),
  action: fc.constantFrom("ACCEPT", "REJECT", "accept", "-", "ACCEPTED", "ACCEPX", "DENY12"),
  status: fc.constantFrom("OK", "ok", "Ok", "NODATA", "SKIPDATA", "-", "KO", "OKAY"),
};
const kinds = "version name name address address port port port count count time time action status".split(
  " ",
);
const anyLine = fc.tuple(
  ...kinds.map((kind, index) => {
    // Mostly right, so that lines get as far as to their wrong values.
    const right = fc.constant(index === 11 ? "1418530070" : (FIELDS[DEFAULT_FORMAT[index] ?? ""] ?? ""));
    return fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: unusual[kind] ?? right });
  }),
);

function outcome(text: string): unknown {
  try {
    return read([text]);
  } catch (error) {
    return String(error).replace(/, in ".*/, "");
  }
}

test("the fast path takes a line only when the obvious one would do the same", () => {
  fc.assert(
    fc.property(anyLine, (values) => {
      const line = values.join(" ");
      // A trailing space sends a line the obvious path.
      expect(outcome(`${line}\n`)).toEqual(outcome(`${line} \n`));
    }),
    { numRuns: 400 },
  );
});

test("it doesn't matter how a text is cut into pieces", () => {
  const text = Buffer.from(
    log(DEFAULT_FORMAT, {}, { dstport: "80" }, { srcaddr: "2001:db8::1" }, { "log-status": "NODATA" }) +
      SUMMED,
  );
  const cuts = fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 });
  const whole = read([text]);
  // A digest's line adds to the row of its key: the port that is 0 stays so.
  expect(whole.lines).toHaveLength(3);
  fc.assert(
    fc.property(cuts, (places) => {
      const at = [0, ...places.toSorted((a, b) => a - b), text.length];
      const pieces = at.slice(1).map((to, index) => text.subarray(at[index], to));
      expect(read(pieces)).toEqual(whole);
    }),
  );
});

test("a format may have any number of fields", () => {
  const names = [...Object.keys(FIELDS), ...Array.from({ length: 2000 }, (_, index) => `later-${index}`)];
  const values = names.map((name) => FIELDS[name] ?? "-").join(" ");
  expect(read([`${names.join(" ")}\n${values}\n`]).lines).toEqual([SUMMED]);
});

test("a piece may be larger than what is taken in at a time", () => {
  const { lines, counts } = read([`${SUMMED.replace(" 0 443 ", " 40000 443 ")}\r\n`.repeat(20_000)]);
  expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 60000 6000000 ")]);
  expect(counts.records).toBe(20_000);
});

test("a digest that is read as a flow log is the same again, its ports and large sums included", () => {
  const sum = fc.bigInt({ min: 0n, max: 2n ** 57n });
  const line = fc
    .tuple(
      fc.constantFrom("10.0.0.1", "10.0.0.2"),
      fc.constantFrom("0", "22", "443", "40000"),
      fc.constantFrom("0", "22", "443", "40000"),
      sum,
      sum,
    )
    .map(
      ([source, from, to, packets, more]) =>
        `2 1 eni-1 ${source} 10.0.0.3 ${from} ${to} 6 ${packets} ${packets + more} 1418530010 1418530070 ACCEPT OK`,
    );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const digest = read([`${lines.join("\n")}\n`]).lines;
      expect(read([digest.map((text) => `${text}\n`).join("")]).lines).toEqual(digest);
    }),
  );
});

test.each([
  ["40000 443", "0 443"],
  ["443 40000", "443 0"],
  ["0 443", "0 443"],
  ["443 0", "443 0"],
  ["443 443", "0 443"],
  ["0 0", "0 0"],
])("of the ports %s %s are kept", (ports, kept) => {
  const log = `2 1 eni-1 10.0.0.1 10.0.0.2 ${ports} 6 1 40 1418530010 1418530070 ACCEPT OK\n`;
  expect(read([log]).lines.map((line) => line.split(" ").slice(5, 7).join(" "))).toEqual([kept]);
});

function line(names: readonly string[] = []): string {
  return names.map((name) => FIELDS[name] ?? "vpc-1").join(" ");
}

describe("formats without a header", () => {
  const [nine, ten] = ["", " vpc-id"].map((more) =>
    `srcaddr dstaddr srcport dstport protocol packets bytes start end${more}`.split(" "),
  );

  test("are told apart by their number of fields, line by line, with and without a time and a stream", () => {
    const stamped = `2014-12-14T04:08:30+00:00 ${line(ten)}`;
    const streamed = `2014-12-14T04:08:30+00:00 eni-1-all ${line(DEFAULT_FORMAT)}`;
    const text = [line(nine), line(ten), stamped, streamed, line(DEFAULT_FORMAT), line(nine)].join("\n");
    const { lines, counts } = read([text], "interface", nine, [ten ?? [], DEFAULT_FORMAT]);
    expect(counts.records).toBe(6);
    expect(lines).toEqual([
      "2 - - 10.0.0.1 10.0.0.2 0 443 6 12 1200 1418530010 1418530070 - OK",
      SUMMED.replace(" 3 300 ", " 6 600 "),
    ]);
  });

  test("a time isn't taken for a field, however many there are", () => {
    // Of as many words as a line of the default format behind a time, and in another order.
    const swapped = ["vpc-id", ...DEFAULT_FORMAT].map(
      (name) => ({ srcaddr: "dstaddr", dstaddr: "srcaddr" })[name] ?? name,
    );
    const text = [line(swapped), `2014-12-14T04:08:30Z ${line(DEFAULT_FORMAT)}`, line(swapped)].join("\n");
    const { lines } = read([text], "interface", swapped, [DEFAULT_FORMAT]);
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 9 900 ")]);
  });

  test("a header must agree with all records before it", () => {
    const both = `${line(nine)}\n${line(ten)}\n`;
    const read2 = (header: readonly string[] = []) =>
      read([`${both}${header.join(" ")}\n`], "interface", nine, [ten ?? []]);
    expect(() => read2(ten)).toThrow("flow.log, line 3: expected this header before the records");
    expect(() => read([`${line(nine)}\n${nine?.join(" ")}\n`], "interface", nine)).not.toThrow();
  });
});

test("records of other accounts are counted, in the usual form and in others", () => {
  const others = { "account-id": "210987654321" };
  const text = log(
    DEFAULT_FORMAT,
    {},
    others,
    { ...others, "log-status": "NODATA" },
    { ...others, action: "accept" },
  );
  const { lines, counts } = read([text], "interface", DEFAULT_FORMAT, [], {
    accounts: new Set(["123456789010"]),
  });
  expect(lines).toEqual([SUMMED]);
  expect(counts).toMatchObject({ records: 4, recordsNotSelected: 3, nodata: 0 });
});

describe("records of some VPCs", () => {
  const format = [...DEFAULT_FORMAT, "vpc-id"];
  const vpcs = new Set(["vpc-1", "vpc-22"]);
  const choose = (values: Record<string, string>) =>
    read([log(DEFAULT_FORMAT, values)], "interface", DEFAULT_FORMAT, [], { vpcs });

  test("are taken and others counted, in the usual form and in others", () => {
    const record = fc.record({
      "vpc-id": fc.constantFrom("vpc-1", "vpc-2", "vpc-22", "vpc-222", "-"),
      "log-status": fc.constantFrom("OK", "OK", "ok", "NODATA", "SKIPDATA"),
      action: fc.constantFrom("ACCEPT", "reject", "-"),
      srcaddr: fc.constantFrom("10.0.0.1", "2001:db8::1", "-"),
      end: fc.constantFrom("1418530070", "1418530071", "1418000000"),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const isOf = (values: Readonly<Record<string, string>>) =>
          vpcs.has(values["vpc-id"] ?? "") ||
          (values["vpc-id"] === "-" && values["log-status"] === "SKIPDATA") ||
          values["end"] === "1418000000";
        const chosen = read([log(format, ...records)], "interface", DEFAULT_FORMAT, [], { vpcs });
        const expected = read([log(format, ...records.filter(isOf))]);
        expect(chosen.lines).toEqual(expected.lines);
        expect(chosen.sums).toEqual(expected.sums);
        const recordsNotSelected = records.length - records.filter(isOf).length;
        const counts = { records: records.length, recordsNotSelected };
        expect(chosen.counts).toEqual(Object.assign(expected.counts, counts));
      }),
    );
  });

  test("can't be told where the field is missing, unless nothing hangs on it", () => {
    expect(() => choose({})).toThrow(MissingVpcError);
    expect(() => choose({ action: "accept" })).toThrow(MissingVpcError);
    expect(choose({ end: "1418000000" }).counts).toMatchObject({ outsideWindow: 1 });
    expect(choose({ srcaddr: "-" }).counts).toMatchObject({ recordsNotSelected: 1 });
    expect(choose({ srcaddr: "-", "log-status": "NODATA" }).counts).toMatchObject({ recordsNotSelected: 1 });
    expect(choose({ srcaddr: "-", "log-status": "SKIPDATA" }).counts).toMatchObject({ skipdata: 1 });
  });
});

test("blank lines are passed over without making anything of them", () => {
  const decoded = vi.spyOn(Buffer.prototype, "toString");
  const blank = Buffer.from("\n\r\n   \n".repeat(100_000));
  read([blank]);
  expect(decoded.mock.calls.length).toBeLessThan(10);
  decoded.mockRestore();
});

test("a time that can't be one in seconds fails, though it would be outside the window", () => {
  for (const end of ["1418530070000", "1418530070000000", "443", "0"]) {
    expect(() => read([log(DEFAULT_FORMAT, { end })])).toThrow("expected end, a Unix time in seconds");
  }
});
