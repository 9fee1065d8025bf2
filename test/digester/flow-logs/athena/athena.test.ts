import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { CorruptInputError, DependencyError, HandedOverError } from "../../../../src/errors.js";
import type { FlowLogDigester } from "../../../../src/digester/flow-logs/flow-log-digester.js";
import { scopeOf } from "../../../../src/scope.js";
import { TimeWindow } from "../../../../src/window.js";
import type { QueryFailure } from "../../../support/athena/server.js";
import { bodyOf } from "../../../support/digest-body.js";
import { AWS_COLUMNS, rowsOf, usualRecord } from "./aws-parquet.js";
import { digesterOf, PROJECTION, startAthena } from "./from-athena.js";

const HOUR = TimeWindow.parse("2024-06-02T12:00:00Z", "2024-06-02T13:00:00Z");
const START = HOUR.startDate.getTime() / 1000;
const NEVER = new AbortController().signal;

const RECORD = usualRecord(START);
/** Two records of one edge, in the partition that the window is in and another one. */
const ROWS = rowsWith(rowsOf([RECORD, { ...RECORD, srcport: 40_001 }]), "eu-west-1", "2024/06/02");
const LINE = `2 123456789012 eni-1 10.0.0.1 10.0.0.2 0 443 6 6 600 ${START} ${START + 60} ACCEPT OK\n`;

function rowsWith(rows: string, region: string, day: string): string {
  return `select *, '${region}' as region, '${day}' as day from (${rows})`;
}

function without(column: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(AWS_COLUMNS).filter(([name]) => name !== column));
}

async function digestBy(digester: FlowLogDigester, making?: string, signal = NEVER) {
  const digest = await digester.digest(HOUR, signal, making);
  return { ...digest, text: await text(bodyOf(digest)) };
}

async function failureOf(digester: FlowLogDigester, making?: string): Promise<unknown> {
  return digestBy(digester, making).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a window is summed up by one query, and the job's event tells which, and what it scanned", async () => {
  const servers = await startAthena({ rows: ROWS });
  const { athena } = servers;
  const digested = await digestBy(digesterOf(servers, { workgroup: "graphs" }), "claim-1");
  expect(digested.text).toBe(LINE);
  const [query] = athena.queries;
  expect(athena.queries).toMatchObject([{ workgroup: "graphs" }]);
  expect(digested.counts).toMatchObject({ records: 2, scannedBytes: 1234 });
  expect(digested.details).toEqual({
    athenaQuery: query?.id,
    athenaPartitions: "region: eu-west-1,us-east-1; day: 1970/01/01,NOW",
  });
  expect(digested.warnings).toEqual([]);
  expect(new Set(athena.log.map(({ region }) => region))).toEqual(new Set(["eu-west-1"]));
});

test("only the partitions of the window, and of what is chosen, are read", async () => {
  const elsewhere = rowsWith(rowsOf([RECORD]), "eu-west-1", "2024/06/03");
  const other = rowsWith(rowsOf([{ ...RECORD, account_id: "210987654321" }]), "us-east-1", "2024/06/02");
  const servers = await startAthena({ rows: `${ROWS} union all ${elsewhere} union all ${other}` });
  expect((await digestBy(digesterOf(servers, { regions: new Set(["eu-west-1"]) }))).text).toBe(LINE);
  expect((await digestBy(digesterOf(servers, { accounts: new Set(["123456789012"]) }))).text).toBe(LINE);
  expect((await digestBy(digesterOf(servers))).text.split("\n")).toHaveLength(3);
});

test("a scope's accounts, regions and VPCs alone are summed up, and records without a VPC are warned of", async () => {
  const others = [
    { ...RECORD, vpc_id: "vpc-2" },
    { ...RECORD, vpc_id: null },
    { ...RECORD, vpc_id: null, log_status: "NODATA" },
  ];
  const servers = await startAthena({
    rows: `${ROWS} union all ${rowsWith(rowsOf(others), "eu-west-1", "2024/06/02")}`,
  });
  const scope = scopeOf({ account: "123456789012", region: "eu-west-1", vpc: "vpc-1" });
  const window = TimeWindow.parse(HOUR.start, HOUR.stop).within(scope);
  const digest = await digesterOf(servers).digest(window, NEVER, "claim-1");
  expect(await text(bodyOf(digest))).toBe(LINE);
  expect(digest.counts).toMatchObject({ records: 4, nodata: 1, recordsNotSelected: 1 });
  expect(digest.warnings).toEqual([expect.stringMatching(/no vpc-id aren't in the graph of a VPC \(1\)/)]);
  expect(servers.athena.queries[0]?.sql).toContain(window.id);
  servers.set({ columns: without("vpc_id") });
  const error = await digesterOf(servers)
    .digest(window, NEVER)
    .catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/expected the column vpc_id/);
});

test("whoever goes on with a making finds its query, and a refresh has one of its own", async () => {
  const servers = await startAthena({ rows: ROWS });
  const digester = digesterOf(servers);
  for (const making of ["claim-1", "claim-1", "claim-2"]) {
    expect((await digestBy(digester, making)).text).toBe(LINE);
  }
  expect(servers.athena.queries).toHaveLength(2);
  // Of another table, what it finds would be another.
  servers.set({
    columns: { ...AWS_COLUMNS, subnet_id: "string" },
    rows: `select *, 'subnet-1' as subnet_id from (${ROWS})`,
  });
  await digestBy(digester, "claim-1");
  expect(servers.athena.queries).toHaveLength(3);
});

test("a query whose job is handed over goes on, and its successor waits for it", async () => {
  const servers = await startAthena({ rows: ROWS });
  const { athena } = servers;
  const digester = digesterOf(servers);
  athena.held = true;
  const stopping = new AbortController();
  const first = digestBy(digester, "claim-1", stopping.signal);
  await expect.poll(() => athena.count("GetQueryExecution")).toBeGreaterThan(1);
  const reason = new HandedOverError("the process is stopping");
  stopping.abort(reason);
  await expect(first).rejects.toBe(reason);
  const second = digestBy(digester, "claim-1");
  await expect.poll(() => athena.count("StartQueryExecution")).toBe(2);
  athena.held = false;
  expect((await second).text).toBe(LINE);
  expect(athena.queries).toHaveLength(1);
  expect(athena.count("StopQueryExecution")).toBe(0);
});

test("a query that nobody waits for any more is stopped", async () => {
  const servers = await startAthena({ rows: ROWS });
  const { athena } = servers;
  athena.held = true;
  const stopping = new AbortController();
  const call = digestBy(digesterOf(servers), "claim-1", stopping.signal);
  await expect.poll(() => athena.count("GetQueryExecution")).toBeGreaterThan(1);
  const reason = new Error("nobody wants it");
  stopping.abort(reason);
  await expect(call).rejects.toBe(reason);
  expect(athena.queries).toMatchObject([{ state: "CANCELLED" }]);
  // Whoever asks again has another query: that one gives nothing.
  athena.held = false;
  expect((await digestBy(digesterOf(servers), "claim-1")).text).toBe(LINE);
  expect(athena.queries).toHaveLength(2);
});

test("a query that takes too long is stopped, and the message says by what", async () => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.held = true;
  const error = await failureOf(digesterOf(servers, { timeoutMs: 50 }));
  expect(error).toMatchObject({
    timedOut: true,
    transient: true,
    message: expect.stringContaining("FLOW_LOG_ATHENA_TIMEOUT"),
  });
  expect(servers.athena.queries).toMatchObject([{ state: "CANCELLED" }]);
});

test.each<[string, QueryFailure, Partial<DependencyError>, RegExp]>([
  [
    "the workgroup's limit",
    { state: "CANCELLED", reason: "Bytes scanned limit was exceeded" },
    { transient: false, obstacle: "settings" },
    /raise the workgroup's limit/,
  ],
  [
    "denied access",
    { reason: "Access Denied (Service: Amazon S3; Status Code: 403)", category: 2 },
    { transient: false, obstacle: "access" },
    /grant/,
  ],
  [
    "archived files",
    { reason: "HIVE_CURSOR_ERROR: The operation is not valid for the object's storage class", category: 2 },
    { transient: false, obstacle: "archive" },
    /restore/,
  ],
  ["a fault of Athena", { reason: "Internal error", category: 1 }, { transient: true }, /Internal error/],
  ["what Athena calls worth it", { reason: "odd", category: 2, retryable: true }, { transient: true }, /odd/],
  [
    "too little memory",
    { reason: "Query exhausted resources at this scale factor", category: 2 },
    { transient: true },
    /shorter window/,
  ],
  ["too long", { reason: "Query timeout", category: 2 }, { transient: false }, /shorter window/],
  [
    "throttling by S3",
    { reason: "Please reduce your request rate. (SlowDown)", category: 3 },
    { transient: true },
    /tried again/,
  ],
  [
    "somebody stopped it",
    { state: "CANCELLED", reason: "Query cancelled by user" },
    { transient: false },
    /Somebody stopped it/,
  ],
  ["anything else", { reason: "COLUMN_NOT_FOUND: x", category: 2 }, { transient: false }, /COLUMN_NOT_FOUND/],
])("a query that fails is told with its id, and what to do: %s", async (_, failure, expected, message) => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.failures.push(failure);
  const error = await failureOf(digesterOf(servers));
  expect(error).toBeInstanceOf(DependencyError);
  expect(error).toMatchObject({ dependency: "digester", ...expected });
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain(servers.athena.queries[0]?.id);
});

test("a damaged file is never tried again", async () => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.failures.push({ reason: "HIVE_BAD_DATA: Malformed Parquet file", category: 2 });
  expect(await failureOf(digesterOf(servers))).toBeInstanceOf(CorruptInputError);
});

test("another attempt has another query, and never reads what a failed one has left", async () => {
  const servers = await startAthena({ rows: ROWS });
  const digester = digesterOf(servers);
  const failure = { reason: "Internal error", category: 1, leavesFile: true };
  servers.athena.failures.push(failure, failure);
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(await failureOf(digester, "claim-1")).toMatchObject({ transient: true });
  }
  expect((await digestBy(digester, "claim-1")).text).toBe(LINE);
  expect(servers.athena.queries).toHaveLength(3);
});

test("a result whose query Athena has forgotten isn't written over, nor one read that lacks a file", async () => {
  const servers = await startAthena({ rows: ROWS });
  const digester = digesterOf(servers);
  const { athena, s3 } = servers;
  await digestBy(digester, "claim-1");
  athena.forgetTokens();
  expect((await digestBy(digester, "claim-1")).text).toBe(LINE);
  expect(athena.queries).toHaveLength(3);
  // A lifecycle rule removes files one by one.
  const results = s3.bucket("results");
  for (const key of results.keys().filter((each) => each.endsWith(".gz"))) results.delete(key);
  expect((await digestBy(digester, "claim-1")).text).toBe(LINE);
  expect(athena.queries).toHaveLength(4);
});

test("manifests that a workgroup keeps elsewhere aren't needed", async () => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.enforcedOutput = "s3://somewhere-else/";
  expect((await digestBy(digesterOf(servers))).text).toBe(LINE);
});

test("throttled calls, lost answers and failures that pass cost no second query", async () => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.faults.push(
    { operation: "StartQueryExecution", times: 1, loseAnswer: true },
    { operation: "StartQueryExecution", times: 1, code: "TooManyRequestsException" },
    { operation: "GetQueryExecution", times: 1, code: "InternalServerException", status: 500 },
  );
  expect((await digestBy(digesterOf(servers))).text).toBe(LINE);
  expect(servers.athena.queries).toHaveLength(1);
});

test.each<[string, string, string, string, Partial<DependencyError>]>([
  [
    "StartQueryExecution",
    "AccessDeniedException",
    "not authorized to perform: athena:StartQueryExecution",
    "denied",
    { obstacle: "access" },
  ],
  [
    "GetTableMetadata",
    "UnrecognizedClientException",
    "The security token is invalid",
    "refused the credentials",
    { obstacle: "access" },
  ],
  [
    "StartQueryExecution",
    "InvalidRequestException",
    "WorkGroup graphs is not found.",
    "FLOW_LOG_ATHENA_WORKGROUP",
    { obstacle: "settings" },
  ],
  [
    "GetTableMetadata",
    "MetadataException",
    "Insufficient Lake Formation permission(s)",
    "denied",
    { obstacle: "access" },
  ],
])("a call that %s refuses with %s fails for good", async (operation, code, message, told, expected) => {
  const servers = await startAthena({ rows: ROWS });
  servers.athena.faults.push({ operation, times: 99, code, message });
  const error = await failureOf(digesterOf(servers));
  expect(error).toMatchObject({ dependency: "digester", transient: false, ...expected });
  expect(String(error)).toContain(told);
  expect(String(error)).toContain(operation);
});

test("a table that isn't there, or isn't one of flow logs, fails for good", async () => {
  const servers = await startAthena({ rows: ROWS });
  const table = { catalog: "AwsDataCatalog", database: "logs", name: "other" };
  expect(String(await failureOf(digesterOf(servers, { table })))).toMatch(
    /Table other not found.*DIGESTER_ENDPOINT/,
  );
  await expect(digesterOf(servers, { table }).ready(NEVER)).rejects.toBeInstanceOf(DependencyError);
  servers.set({ columns: without("dstport") });
  expect(String(await failureOf(digesterOf(servers)))).toMatch(/expected the columns dstport as well.*view/);
});

test("silence is told: no projection, an enum or a range that leaves out what is asked for, a window without data", async () => {
  const servers = await startAthena({ rows: ROWS });
  const regions = new Set(["ap-south-1"]);
  expect(String(await failureOf(digesterOf(servers, { regions })))).toMatch(
    /projection\.region\.values lacks ap-south-1/,
  );
  servers.set({ parameters: { ...PROJECTION, "projection.day.range": "2024/06/03,NOW" } });
  expect(String(await failureOf(digesterOf(servers)))).toMatch(
    /projection\.day\.range doesn't cover the window/,
  );
  servers.set({ parameters: {} });
  expect(String(await failureOf(digesterOf(servers)))).toMatch(/FLOW_LOG_ATHENA_UNPROJECTED=true/);
  expect((await digestBy(digesterOf(servers, { unprojected: true }))).text).toBe(LINE);
  expect(servers.athena.queries).toHaveLength(1);
  servers.set({ rows: `${ROWS} limit 0` });
  servers.athena.scannedBytes = 0;
  const empty = await digestBy(digesterOf(servers));
  expect(empty.text).toBe("");
  expect(empty.warnings).toEqual([
    expect.stringMatching(/^Athena found no records of this window in the table AwsDataCatalog\/logs\/flow/),
  ]);
});
