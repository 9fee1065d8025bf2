import { readFileSync } from "node:fs";
import * as zlib from "node:zlib";
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { unzstd } from "../../../src/flow-log/decompress.js";
import { CorruptInputError } from "../../../src/errors.js";
import { inDuckDB } from "../../support/duckdb.js";
import { digest, directoryOf } from "./digesting.js";

const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
const RECORD =
  "2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK";
const SUMMED = "2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 0 443 6 3 300 1418530010 1418530070 ACCEPT OK";
const NODATA = "2 123456789010 eni-abc123de - - - - - - - - - - NODATA";
const AWS_NAME = "123456789010_vpcflowlogs_eu-west-1_fl-1_20141214T0405Z_abc.log.gz";

const message = JSON.stringify({ message: RECORD });
const subscription = (...messages: string[]) =>
  JSON.stringify({
    messageType: "DATA_MESSAGE",
    owner: "123456789010",
    logEvents: messages.map((text, id) => ({ id: `${id}`, timestamp: 1418530070000, message: text })),
  });
const control = JSON.stringify({
  messageType: "CONTROL_MESSAGE",
  logEvents: [{ message: "CWL CONTROL MESSAGE: Checking health of destination Firehose." }],
});
const fields = (changes: object = {}) => ({
  version: 2,
  account_id: "123456789010",
  interface_id: "eni-abc123de",
  srcaddr: "10.0.0.1",
  dstaddr: "10.0.0.2",
  srcport: 40000,
  dstport: 443,
  protocol: 6,
  packets: 3,
  bytes: 300,
  start: 1418530010,
  end: 1418530070,
  action: "ACCEPT",
  log_status: "OK",
  ...changes,
});
const joined = (...members: string[]) => Buffer.concat(members.map((member) => gzipSync(member)));
const once = gzipSync(RECORD);
const BOM = "\uFEFF";

/** Each holds the record once, whatever it is called. */
const READ: Record<string, string | Uint8Array> = {
  text: `${RECORD}\n`,
  "a header and CR LF": `${HEADER}\r\n${RECORD}\r\n`,
  "a byte order mark": `${BOM}${HEADER}\r\n${RECORD}`,
  "a byte order mark before a second file": `${HEADER}\n${BOM}${HEADER}\n${RECORD}`,
  "blank lines first": `\n\r\n   \n${RECORD}`,
  "an underscored header": `${HEADER.replaceAll("-", "_")}\n${RECORD}`,
  "a header that is sorted last": `${RECORD}\n${HEADER}\n`,
  gzip: once,
  "gzip of gzip": gzipSync(once),
  "gzip of gzip of gzip": gzipSync(gzipSync(once)),
  "gzip with zeros after it": Buffer.concat([once, Buffer.alloc(300_000)]),
  "gzip of padded gzip": gzipSync(Buffer.concat([once, Buffer.alloc(512)])),
  "a CloudWatch export": `2014-12-14T04:08:30.000Z ${RECORD}`,
  "aws logs tail --format short": `2014-12-14T04:08:30 ${RECORD}`,
  "aws logs tail": `2014-12-14T04:08:30.123456+00:00 eni-abc123de-all ${RECORD}`,
  "Firehose's JSON": `${message}\n`,
  "JSON over several lines": JSON.stringify({ message: RECORD }, undefined, 2),
  "JSON with a byte order mark": `${BOM} \n${message}`,
  "a message with a line feed at its end": JSON.stringify({ message: `${RECORD}\n` }),
  "a message with escapes": message.replace("ACCEPT", "\\u0041CCEPT"),
  "a message under another name": JSON.stringify({ time: 1, log: RECORD, stream: "stdout" }),
  "an array of messages": `[${message}]`,
  "an array of lines": JSON.stringify(["", RECORD]),
  "Insights' export": JSON.stringify([{ "@timestamp": "2014-12-14 04:07:50.000", "@message": RECORD }]),
  "Insights' answer": JSON.stringify({
    results: [
      [
        { field: "@timestamp", value: "2014-12-14 04:07:50.000" },
        { field: "@message", value: RECORD },
      ],
    ],
  }),
  "Insights' answer in fields": JSON.stringify({
    results: [Object.entries(fields()).map(([field, value]) => ({ field, value: String(value) }))],
  }),
  "Insights' answer in fields, beside the message": JSON.stringify({
    results: [
      [
        ...Object.entries(fields()).map(([field, value]) => ({ field, value: String(value) })),
        { field: "@message", value: RECORD },
      ],
    ],
  }),
  "fields in capitals": JSON.stringify(
    Object.fromEntries(Object.entries(fields()).map(([name, value]) => [name.toUpperCase(), value])),
  ),
  "fields as Insights names them": JSON.stringify(
    Object.fromEntries(
      Object.entries(fields()).map(([name, value]) => [
        name
          .replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
          .replace(/(addr|port)$/, (word) => word.replace(/^./, (letter) => letter.toUpperCase())),
        value,
      ]),
    ),
  ),
  "a subscription": subscription(RECORD),
  "a subscription, with its keys in another order": JSON.stringify({
    logEvents: [{ message: RECORD, timestamp: 1 }],
    logGroup: "x",
    messageType: "DATA_MESSAGE",
  }),
  "subscriptions, each gzip by itself": joined(subscription(), control, subscription(RECORD)),
  "subscriptions, compressed again": gzipSync(joined(control, subscription(RECORD))),
  "a subscription with the message's fields": JSON.stringify({
    logEvents: [{ extractedFields: fields(), message: RECORD }],
  }),
  "filter-log-events": JSON.stringify({
    events: [{ logStreamName: "eni-1", message: RECORD }],
    searchedLogStreams: [],
  }),
  "fields by name": JSON.stringify(fields()),
  "fields by name, as text, nulls left out": JSON.stringify(
    Object.fromEntries(
      Object.entries(fields()).map(([name, value]) => [name.replace("_", "-"), String(value)]),
    ),
  ),
  "an array of fields": JSON.stringify([fields({ "vpc-id": null, tags: { message: 5 } })]),
};

describe("is read, told by the first bytes, as flow.log, without an extension, and as AWS names it", () => {
  test.each(Object.entries(READ))("%s", async (_, content) => {
    for (const name of ["flow.log", AWS_NAME]) {
      const { lines, counts, warnings } = await digest(directoryOf({ [name]: content }));
      expect(lines).toEqual([SUMMED]);
      expect(counts).toMatchObject({ files: 1, records: 1, foreignFiles: 0 });
      expect(warnings).toEqual([]);
    }
  });

  test("Parquet inside gzip", async () => {
    const directory = directoryOf({});
    const columns = HEADER.split(" ").map((name, index) => {
      const value = RECORD.split(" ")[index] ?? "";
      return `${/^\d{1,10}$/.test(value) ? value : `'${value}'`} as "${name.replaceAll("-", "_")}"`;
    });
    await inDuckDB([`copy (select ${columns.join(", ")}) to '${directory}/flow.parquet' (format parquet)`]);
    const parquet = readFileSync(`${directory}/flow.parquet`);
    for (const content of [parquet, gzipSync(parquet), gzipSync(gzipSync(parquet))]) {
      for (const name of ["flow.parquet", "flow.log.gz", AWS_NAME]) {
        expect((await digest(directoryOf({ [name]: content }))).lines).toEqual([SUMMED]);
      }
    }
  });
});

const zip = Buffer.concat([
  Buffer.from("PK\x03\x04", "latin1"),
  Buffer.alloc(22),
  Buffer.from([8, 0, 0, 0]),
  Buffer.from("flow.log"),
  deflateRawSync(RECORD),
]);
async function* zstd(): AsyncGenerator<Buffer> {
  yield Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
}

const BZIP2 = Buffer.from("BZh91AY&SY");

describe("fails, and says what to do, whoever named it", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["the console's CSV", `timestamp,message\n1418530070000,${RECORD}\n`, "CSV"],
    ["CSV in quotes", `"${HEADER.replaceAll(" ", '","')}"\n"${RECORD.replaceAll(" ", '","')}"\n`, "CSV"],
    ["CSV without a header", `${RECORD.replaceAll(" ", ",")}\n`, "CSV"],
    ["tabs", `${HEADER.replaceAll(" ", "\t")}\n`, "tabs"],
    ["grep's output", `./a.log:7:${RECORD}\n`, "grep -h"],
    [
      "another width",
      `${RECORD} vpc-1\n`,
      "expected 14 fields and single spaces, got 15. Without a header, FLOW_LOG_FORMAT",
    ],
    [
      "another width after a time",
      `2014-12-14T04:08:30Z ${RECORD} vpc-1\n`,
      "got 15 after the time. Without a header, FLOW_LOG_FORMAT",
    ],
    [
      "a header that disagrees",
      `${RECORD}\n${HEADER.replace("srcaddr dstaddr", "dstaddr srcaddr")}\n`,
      "line 2: expected this header before the records",
    ],
    ["milliseconds", RECORD.replaceAll(/\b(14185300\d\d)/g, "$1000"), "not in milliseconds"],
    ["microseconds", RECORD.replaceAll(/\b(14185300\d\d)/g, "$1000000"), "not in microseconds"],
    ["packets and bytes in another order", RECORD.replace(" 3 300 ", " 300 3 "), "FLOW_LOG_FORMAT"],
    [
      "a start long after the end",
      RECORD.replace("1418530010", "1418999999"),
      "expected a start before the end",
    ],
    ["UTF-16", Buffer.from(`${BOM}${RECORD}`, "utf16le"), "UTF-16"],
    ["UTF-16 without its mark", Buffer.from(RECORD, "utf16le"), "UTF-16"],
    [
      "JSON that is cut",
      `${message}\n${message.slice(0, 50)}`,
      "expected complete and undamaged JSON, got a fault after 1 records",
    ],
    ["JSON with a fault", `${message},`, "expected complete and undamaged JSON"],
    [
      "JSON with another message",
      `${message}{"message":"START RequestId: 1"}`,
      "message 2: expected 14 fields",
    ],
    [
      "JSON with a wrong field",
      JSON.stringify(fields({ srcport: 70000 })),
      "record 1: expected srcport from 0 to 65535",
    ],
    ["JSON cut in its first record", message.slice(0, -10), "expected complete and undamaged JSON"],
    [
      "JSON that lacks fields",
      JSON.stringify({ ...fields(), end: undefined, bytes: undefined }),
      "record 1: expected end",
    ],
    [
      "JSON with fields further inside",
      JSON.stringify({ event: fields() }),
      "fields of a record inside another object",
    ],
    ["gzip with bytes after it", Buffer.concat([once, Buffer.from("more")]), "got other bytes after its end"],
    [
      "gzip with bytes after its padding",
      Buffer.concat([once, Buffer.alloc(99), Buffer.from("x")]),
      "got other bytes after its end",
    ],
    ["too many layers", gzipSync(gzipSync(gzipSync(once))), "at most 3 layers"],
    ["a zip archive", zip, "got zip"],
    ["bzip2", BZIP2, "got bzip2"],
    ["compress", Buffer.from("1f9d90", "hex"), "got compress"],
    ["snappy", Buffer.from("ff060000734e61507059", "hex"), "got snappy"],
    ["colours", `\x1b[32m2014-12-14T04:08:30\x1b[0m ${RECORD}`, "--color off"],
    ["CR alone", `${HEADER}\r${RECORD}\r`, "end with CR alone"],
  ])("%s", async (_, content, reason) => {
    for (const name of ["a/flow.log", `a/${AWS_NAME}`]) {
      const failed = digest(directoryOf({ [name]: content, "good.log": RECORD }));
      await expect(failed).rejects.toThrow(CorruptInputError);
      await expect(failed).rejects.toThrow(name);
      await expect(failed).rejects.toThrow(reason);
      await expect(failed).rejects.toThrow("FLOW_LOG_EXCLUDE");
    }
  });

  test("what is no text, where AWS named it", async () => {
    const failed = digest(directoryOf({ [AWS_NAME]: "Salted__\x01\x02\xff" }));
    await expect(failed).rejects.toThrow("It isn't text, but packed in a way that isn't read, or encrypted");
  });

  test("JSON without a record, where AWS named it", async () => {
    const failed = digest(directoryOf({ [AWS_NAME]: '{"a":1}' }));
    await expect(failed).rejects.toThrow(`${AWS_NAME}: expected flow log records in JSON, got none`);
  });

  test("zstd where Node.js can't read it, or where it is cut", async () => {
    expect(() => unzstd("x.zst", zstd(), false, { ...zlib, createZstdDecompress: undefined })).toThrow(
      /x\.zst: .*22\.15/,
    );
    const failed = digest(directoryOf({ [AWS_NAME]: Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]) }));
    await expect(failed).rejects.toThrow(/abc\.log\.gz: expected .*zstd/);
  });
});

describe("is passed over, counted and named", () => {
  const FOREIGN: Record<string, string | Uint8Array> = {
    "a load balancer's log": `https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2\n`,
    "S3's access log": `79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /bucket?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -\n`,
    "CloudFront's": gzipSync(
      "#Version: 1.0\n#Fields: date time x-edge-location\n2024-06-01\t12:00:00\tFRA2\n",
    ),
    "a DNS query log": gzipSync(
      `${JSON.stringify({ version: "1.100000", account_id: "123456789010", srcaddr: "10.0.0.1", srcport: "56067", query_name: "example.com." })}\n`,
    ),
    "a firewall's flow log": `${JSON.stringify({ firewall_name: "fw", event_timestamp: "1602627001", event: { src_ip: "10.0.0.1", dest_ip: "10.0.0.2" } })}\n`,
    "CloudTrail's": gzipSync(
      JSON.stringify({
        Records: [
          {
            eventName: "CreateFlowLogs",
            sourceIPAddress: "192.0.2.1",
            requestParameters: {
              logFormat: "${srcaddr} ${dstaddr} ${start} ${end}",
              message: "none",
              networkInterfaceId: "eni-abc123de",
            },
          },
        ],
      }),
    ),
    "other messages": subscription(
      "START RequestId: 1",
      '{"sourceIPAddress":"192.0.2.1","eni":"eni-abc123de"}',
    ),
    "an inventory": '"bucket","AWSLogs/flow.log.gz","300","2024-06-01T12:00:00.000Z"\n',
    "Athena's answer about flow logs":
      '"srcaddr","dstaddr","action","bytes"\n"10.0.0.1","10.0.0.2","REJECT","1000"\n',
    "Global Accelerator's flow log":
      "version aws_account_id accelerator_id client_ip client_port gip gip_port protocol packets bytes start_time end_time action log_status\n" +
      "1.0 123456789010 acc-1 192.0.2.1 50000 10.0.0.1 80 6 1 52 1559347700 1559347800 ACCEPT OK\n",
    "a picture": Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1"),
    "a database": gzipSync(Buffer.from(Array.from({ length: 5000 }, (__, index) => (index * 7919) % 256))),
    "an archive of something": Buffer.concat([
      Buffer.from("lib/index.js\0".padEnd(257, "\0")),
      Buffer.from("ustar"),
      Buffer.alloc(512),
    ]),
    "the first bytes of a zip archive": "PK\x03\x04",
    "text in brackets": "[2024-06-01 12:00:00] started\n",
    "a README": "# Flow logs\n\nOf account 123456789010.\n",
    "a checksum": "d41d8cd98f00b204e9800998ecf8427e  flow.log.gz\n",
  };

  test.each(Object.entries(FOREIGN))("%s", async (_, content) => {
    const { lines, counts, warnings } = await digest(
      directoryOf({ "beside.log": content, "flow.log": RECORD }),
    );
    expect(lines).toEqual([SUMMED]);
    expect(counts).toMatchObject({ files: 1, foreignFiles: 1 });
    expect(warnings).toEqual([expect.stringContaining("beside.log")]);
    await expect(digest(directoryOf({ "beside.log": content }))).rejects.toThrow(
      /looked for flow logs .*, and found .*beside\.log/,
    );
  });

  test("the first few are named", async () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`${n}.log`, "none"]));
    const { warnings } = await digest(directoryOf({ ...files, "flow.log": RECORD }));
    expect(warnings).toEqual([expect.stringMatching(/6 files .*: 1\.log, .*5\.log and more/)]);
  });
});

test.each([
  ["no bytes", ""],
  ["gzip of nothing", gzipSync("")],
  ["blank lines", "\n\r\n \n"],
])("a file of %s is an empty one", async (_, content) => {
  const { lines, counts, warnings } = await digest(directoryOf({ "a.log": content, "flow.log": RECORD }));
  expect(lines).toEqual([SUMMED]);
  expect(counts).toMatchObject({ files: 2, emptyFiles: 1, foreignFiles: 0 });
  expect(warnings).toEqual([]);
});

test("what CloudWatch sends to see whether anybody is there holds nothing, and is no fault", async () => {
  for (const content of [control, gzipSync(control)]) {
    const { lines, counts, warnings } = await digest(directoryOf({ "x-1-2014": content }));
    expect(lines).toEqual([]);
    expect(counts).toMatchObject({ files: 1, records: 0, foreignFiles: 0 });
    expect(warnings).toEqual([]);
  }
});

test("NODATA and SKIPDATA may lack their times, in text and in JSON", async () => {
  const { counts } = await digest(
    directoryOf({
      "a.log": `${RECORD}\n${NODATA}\n${NODATA.replace("NODATA", "SKIPDATA")}\n`,
      "b.log": subscription(NODATA, RECORD),
      "c.log": JSON.stringify({
        version: 2,
        account_id: "123456789010",
        log_status: "NODATA",
        start: null,
        end: null,
      }),
    }),
  );
  expect(counts).toMatchObject({ records: 6, nodata: 3, skipdata: 1 });
});

test("one line of JSON of 20 MB is read in pieces", async () => {
  const document = subscription(...Array.from({ length: 100_000 }, () => RECORD));
  const { lines, counts } = await digest(
    directoryOf({ "x-1-2014-12-14-04-03-12-359e52ca.gz": gzipSync(document, { level: 1 }) }),
  );
  expect(counts).toMatchObject({ records: 100_000 });
  expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 300000 30000000 ")]);
});
