import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { execFileSync, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { parquetReadObjects, type AsyncBuffer } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ParquetEdges } from "../../src/edges/from-parquet.js";
import { columnsOf } from "../../src/edges/encode-columns.js";
import { toKeyValues, type EdgesMetadata } from "../../src/edges/metadata.js";
import {
  ACTIONS,
  FURTHER_COLUMNS,
  newNames,
  NONE,
  OPTIONAL_COLUMNS,
  partOf,
  SERVER_RULES,
  SERVERS,
  type EdgeBatch,
  type OptionalColumn,
} from "../../src/edges/table.js";
import { MAX_ROW_GROUP_ROWS, ROW_GROUP_ROWS } from "../../src/edges/row-group.js";
import { toParquet } from "../../src/edges/to-parquet.js";
import { CorruptInputError } from "../../src/errors.js";
import { ParquetFile } from "../../src/parquet/file.js";
import { dotOfEdges } from "../graph/dot-of-edges.js";
import { queryDuckDB } from "../support/duckdb.js";
import { allRowsOf, batchesOf, batchOf, rows, rowsOf, type Row } from "./rows.js";

const METADATA: EdgesMetadata = {
  window: {
    startDate: new Date("2024-06-01T00:00:00Z"),
    stopDate: new Date("2024-06-01T01:00:00Z"),
    scope: "vpc=vpc-1",
  },
  making: "8c4f",
  counts: { records: 12, skipdata: 1 },
};

function parquetOf(
  rows: readonly Row[],
  { size = 7, columns = OPTIONAL_COLUMNS }: { size?: number; columns?: readonly OptionalColumn[] } = {},
): Promise<Buffer> {
  return buffer(toParquet(batchesOf(rows, size, columns), () => METADATA));
}

function fileOf(bytes: Buffer): AsyncBuffer {
  const whole = new Uint8Array(bytes).buffer;
  return { byteLength: whole.byteLength, slice: async (start, end) => whole.slice(start, end) };
}

function openEdges(bytes: Buffer, signal = new AbortController().signal): Promise<ParquetEdges> {
  return ParquetEdges.open(
    { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) },
    signal,
  );
}

function text(texts: readonly string[], code: number | undefined): string | null {
  return texts[code ?? 0] || null;
}

/** Rows of one digest. */
function sampleOf(numRuns: number, seed: number): Row[] {
  return fc.sample(rows, { numRuns, seed }).flat().map(inOneDigest);
}

function inOneDigest(row: Row): Row {
  return { ...row, start: 1_717_200_000n, end: 1_717_203_600n };
}

/** SQL's times have bounds. */
function withTimesOfSql(row: Row): Row {
  return { ...row, first: (row.first ?? 0) % 2 ** 31, last: (row.last ?? 0) % 2 ** 31 };
}

/** So have its sums. */
function bounded(row: Row): Row {
  return {
    ...withTimesOfSql(row),
    packets: row.packets % 2n ** 40n,
    bytes: row.bytes % 2n ** 40n,
    flows: (row.flows ?? 0n) % 2n ** 30n,
  };
}

/** The values of a row as SQL sees them. */
function valuesOf(row: Row): Record<string, unknown> {
  return {
    account_id: row.account,
    interface_id: row.interface,
    srcaddr: row.source,
    dstaddr: row.destination,
    protocol: row.protocol,
    srcport: row.sourcePort,
    dstport: row.destinationPort,
    server: text(SERVERS, row.server),
    server_by: text(SERVER_RULES, row.serverBy),
    action: text(ACTIONS, row.action),
    packets: row.packets,
    bytes: row.bytes,
    flows: row.flows,
    tcp_flags: row.tcpFlags === NONE ? null : row.tcpFlags,
    first: BigInt(row.first ?? 0) * 1000n,
    last: BigInt(row.last ?? 0) * 1000n,
    active: row.active,
    ...row.further,
  };
}

describe("any edges", () => {
  test("are read back", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.subarray([...OPTIONAL_COLUMNS]), async (rows, columns) => {
        const edges = await openEdges(await parquetOf(rows, { columns }));
        expect(edges.metadata).toEqual(METADATA);
        expect(edges.rows).toBe(rows.length);
        // In the file, where a graph can't tell is where no row does.
        const always = [...columns, "server", "serverBy", "tcpFlags"] as const;
        const expected = await allRowsOf(batchesOf(await allRowsOf(batchesOf(rows, 7, columns)), 7, always));
        expect(await allRowsOf(edges.batches())).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("give the same bytes, however the batches are cut", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (rows, size) => {
        expect(await parquetOf(rows, { size })).toEqual(await parquetOf(rows));
      }),
      { numRuns: 40 },
    );
  });

  test("are read by hyparquet", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (rows) => {
        const read = await parquetReadObjects({
          file: fileOf(await parquetOf(rows)),
          compressors,
          parsers: { timestampFromMilliseconds: (millis) => millis },
        });
        expect(read).toEqual(rows.map(valuesOf));
      }),
      { numRuns: 30 },
    );
  });

  test("are read by DuckDB, numbers beyond 2^53 exactly", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "edges-")), "edges.parquet");
    try {
      const whole = sampleOf(40, 7).map(withTimesOfSql);
      await writeFile(path, await parquetOf(whole));
      const read = await queryDuckDB(
        `SELECT * REPLACE (epoch_ms("first") AS "first", epoch_ms("last") AS "last") FROM '${path}'`,
      );
      expect(whole.some(({ bytes }) => bytes > 2n ** 53n)).toBe(true);
      // DuckDB gives 64-bit numbers as strings.
      const expected = whole
        .map(valuesOf)
        .map((values) =>
          Object.fromEntries(
            Object.entries(values).map(([name, value]) => [
              name,
              typeof value === "bigint" ? String(value) : value,
            ]),
          ),
        );
      expect(read).toEqual(expected);
    } finally {
      await rm(dirname(path), { recursive: true });
    }
  });

  test("are read by columns, those that are wanted", async () => {
    const whole = sampleOf(10, 3);
    const edges = await openEdges(await parquetOf(whole));
    const wanted = ["tcpFlags", "last", "az_id"] as const;
    expect(await allRowsOf(edges.batches(new Set(wanted)))).toEqual(
      await allRowsOf(batchesOf(whole, 7, wanted)),
    );
  });
});

test("a row group as large as earlier versions wrote them is read", async () => {
  const sample = sampleOf(1024, 5).map(bounded);
  const batch = batchOf(newNames(), sample, OPTIONAL_COLUMNS);
  const columns = columnsOf(batch);
  const file = new ParquetFile(columns.map(({ spec }) => spec));
  let left = MAX_ROW_GROUP_ROWS;
  for (; left > 0; left -= Math.min(left, batch.rows)) {
    for (const { append } of columns) append(batch, 0, Math.min(left, batch.rows));
  }
  const blocks = [file.open()];
  for await (const block of file.rowGroup(columns.map(({ take }) => take()))) blocks.push(block);
  const times = Uint32Array.of(...batch.start.subarray(0, 2), ...batch.end.subarray(0, 2));
  for await (const block of file.close(toKeyValues(METADATA, times))) blocks.push(block);
  const edges = await openEdges(Buffer.concat(blocks));
  let rows = 0;
  for await (const part of edges.batches()) {
    expect(rowsOf(partOf(part, 0, 1))).toEqual([sample[rows % sample.length]]);
    rows += part.rows;
  }
  expect(rows).toBe(MAX_ROW_GROUP_ROWS);
});

describe("a file of several row groups", () => {
  /** Batches don't end where row groups do. */
  const total = ROW_GROUP_ROWS + 5000;
  let folder = "";
  let path = "";
  let bytes: Buffer;
  let expected: Row[];

  beforeAll(async () => {
    const sample = sampleOf(400, 5).map(bounded);
    expected = Array.from({ length: Math.ceil(total / sample.length) }, () => sample).flat();
    const batch = batchOf(newNames(), sample, OPTIONAL_COLUMNS);
    bytes = await buffer(toParquet(repeated(batch, expected.length / sample.length), () => METADATA));
    folder = await mkdtemp(join(tmpdir(), "edges-"));
    path = join(folder, "edges.parquet");
    await writeFile(path, bytes);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is read back", async () => {
    const edges = await openEdges(bytes);
    let at = 0;
    for await (const batch of edges.batches()) {
      expect(batch.rows).toBeLessThanOrEqual(4096);
      const row = expected[at];
      expect(rowsOf(partOf(batch, 0, 1))).toEqual([row]);
      at += batch.rows;
    }
    expect(at).toBe(expected.length);
  });

  test("has its types in DuckDB, and the same sums", async () => {
    const columns = await queryDuckDB(`SELECT column_name, column_type FROM (DESCRIBE FROM '${path}')`);
    expect(Object.fromEntries(columns.map((column) => [column.column_name, column.column_type]))).toEqual({
      account_id: "VARCHAR",
      interface_id: "VARCHAR",
      srcaddr: "VARCHAR",
      dstaddr: "VARCHAR",
      protocol: "INTEGER",
      srcport: "INTEGER",
      dstport: "INTEGER",
      server: "VARCHAR",
      server_by: "VARCHAR",
      action: "VARCHAR",
      packets: "BIGINT",
      bytes: "BIGINT",
      flows: "BIGINT",
      tcp_flags: "INTEGER",
      first: "TIMESTAMP WITH TIME ZONE",
      last: "TIMESTAMP WITH TIME ZONE",
      active: "BIGINT",
      ...Object.fromEntries(FURTHER_COLUMNS.map((name) => [name, "VARCHAR"])),
    });
    const [sums] = await queryDuckDB(
      `SELECT count(*)::VARCHAR AS n, sum(packets)::VARCHAR AS packets, sum(bytes)::VARCHAR AS bytes,
         sum(flows)::VARCHAR AS flows, sum(srcport)::VARCHAR AS srcport, sum(tcp_flags)::VARCHAR AS flags,
         sum(epoch("first")::HUGEINT)::VARCHAR AS "first", sum(epoch("last")::HUGEINT)::VARCHAR AS "last",
         bit_or(active)::VARCHAR AS active, count(vpc_id)::VARCHAR AS vpcs, count(server)::VARCHAR AS served,
         count(DISTINCT srcaddr)::VARCHAR AS sources, count(*) FILTER (action = 'REJECT')::VARCHAR AS rejected
       FROM '${path}'`,
    );
    const sum = (of: (row: Row) => bigint | number | undefined) =>
      String(expected.reduce((total, row) => total + BigInt(of(row) ?? 0), 0n));
    expect(sums).toEqual({
      n: String(expected.length),
      packets: sum((row) => row.packets),
      bytes: sum((row) => row.bytes),
      flows: sum((row) => row.flows),
      srcport: sum((row) => row.sourcePort),
      flags: sum((row) => Math.max(0, row.tcpFlags ?? 0)),
      first: sum((row) => row.first),
      last: sum((row) => row.last),
      active: String(expected.reduce((bits, row) => bits | (row.active ?? 0n), 0n)),
      vpcs: sum((row) => (typeof row.further.vpc_id === "string" ? 1 : 0)),
      served: sum((row) => (row.server === 0 ? 0 : 1)),
      sources: String(new Set(expected.map((row) => row.source)).size),
      rejected: sum((row) => (row.action === 2 ? 1 : 0)),
    });
  });

  test("tells DuckDB the ranges of ports and times, and what the job counted", async () => {
    const ranges = await queryDuckDB(
      `SELECT DISTINCT path_in_schema AS name FROM parquet_metadata('${path}') WHERE stats_min_value IS NOT NULL`,
    );
    expect(new Set(ranges.map(({ name }) => name))).toEqual(
      new Set(["protocol", "srcport", "dstport", "tcp_flags", "first", "last"]),
    );
    const [found] = await queryDuckDB(
      `SELECT count(*)::VARCHAR AS n FROM '${path}' WHERE "first" >= TIMESTAMPTZ '2019-06-08 13:20:00Z' AND srcport = 443`,
    );
    const matching = expected.filter((row) => row.sourcePort === 443 && (row.first ?? 0) >= 1_560_000_000);
    expect(found).toEqual({ n: String(matching.length) });
    const pairs = await queryDuckDB(
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${path}')`,
    );
    expect(Object.fromEntries(pairs.map(({ key, value }) => [key, value]))).toEqual({
      window_start: "2024-06-01T00:00:00.000Z",
      window_stop: "2024-06-01T01:00:00.000Z",
      scope: "vpc=vpc-1",
      making: "8c4f",
      counts: '{"records":12,"skipdata":1}',
      digest_start: "1717200000",
      digest_end: "1717203600",
    });
  });

  test("has the sums of its DOT", async () => {
    const names = newNames();
    const batch = batchOf(names, expected.slice(0, 2000), OPTIONAL_COLUMNS);
    const part = join(folder, "part.parquet");
    await writeFile(part, await buffer(toParquet(repeated(batch, 1), () => METADATA)));
    const dot = await dotOfEdges(repeated(batch, 1));
    const sum = (name: string) =>
      String(
        [...dot.matchAll(new RegExp(`govpc_${name}="(\\d+)"`, "g"))].reduce(
          (n, [, x]) => n + BigInt(x ?? 0),
          0n,
        ),
      );
    const [sums] = await queryDuckDB(
      `SELECT sum(packets)::VARCHAR AS packets, sum(bytes)::VARCHAR AS bytes, sum(dstport)::VARCHAR AS ports FROM '${part}'`,
    );
    expect(sums).toEqual({ packets: sum("packets"), bytes: sum("bytes"), ports: sum("dstPort") });
  });

  const hasPyArrow = spawnSync("python3", ["-c", "import pyarrow"]).status === 0;
  if (!hasPyArrow) console.log("pyarrow is not installed: going on without it");
  test.runIf(hasPyArrow)("is read by pyarrow", () => {
    const script = `
import pyarrow.parquet as pq, pyarrow.compute as pc, sys
t = pq.read_table(sys.argv[1])
print(t.num_rows, pc.sum(t["bytes"]).as_py(), t.schema.field("first").type, t.schema.field("server").nullable)
print(t.schema.metadata[b"making"].decode(), pc.max(t["last"]).value // 1000)`;
    const output = execFileSync("python3", ["-c", script, path], { encoding: "utf8" });
    const bytes = expected.reduce((sum, row) => sum + row.bytes, 0n);
    const last = expected.reduce((last, row) => Math.max(last, row.last ?? 0), 0);
    expect(output.trim()).toBe(`${expected.length} ${bytes} timestamp[ms, tz=UTC] True\n8c4f ${last}`);
  });
});

describe("a damaged file", () => {
  test("is an error, wherever it is cut or changed, and never hangs", async () => {
    const bytes = await parquetOf(sampleOf(5, 1));
    const change = fc.record({
      at: fc.nat(bytes.length - 1),
      to: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    });
    const damage = fc.record({
      length: fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length)),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
    });
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(damage, async ({ length, changes }) => {
        const damaged = Buffer.from(bytes.subarray(0, length));
        for (const { at, to } of changes) if (at < length) damaged[at] = to;
        try {
          const edges = await openEdges(damaged);
          await allRowsOf(edges.batches());
          outcomes.add("read");
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptInputError);
          expect(String(error)).toContain("the edges, ");
          outcomes.add("damaged");
        }
      }),
      { numRuns: 1000 },
    );
    expect([...outcomes].toSorted()).toEqual(["damaged", "read"]);
  });

  test.for([
    [
      "more rows than were ever written",
      MAX_ROW_GROUP_ROWS + 1,
      0,
      /expected row groups of at most 131072 rows, got 131073/,
    ],
    [
      "a column of more bytes than its rows take",
      1,
      100_000,
      /expected at most 65796 bytes of account_id, got 100\d\d\d/,
    ],
  ] as const)("a row group of %s isn't read", async ([, rows, size, message]) => {
    const file = new ParquetFile([{ name: "account_id", type: "string", optional: false }]);
    const chunk = {
      rows,
      nulls: 0,
      dictionary: undefined,
      data: Buffer.alloc(size),
      range: undefined,
      compress: false,
    };
    const blocks = [file.open()];
    for await (const block of file.rowGroup([chunk])) blocks.push(block);
    for await (const block of file.close(toKeyValues(METADATA, undefined))) blocks.push(block);
    const bytes = Buffer.concat(blocks);
    const error: unknown = await openEdges(bytes)
      .then((edges) => allRowsOf(edges.batches()))
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CorruptInputError);
    expect(String(error)).toMatch(message);
  });

  test("stops to be read when the signal says so", async () => {
    const stop = new AbortController();
    const edges = await openEdges(await parquetOf(sampleOf(5, 1)), stop.signal);
    const reason = new Error("stopping");
    stop.abort(reason);
    await expect(allRowsOf(edges.batches())).rejects.toBe(reason);
  });

  test("isn't what reading it failed with", async () => {
    const lost = new Error("connection reset");
    const bytes = await parquetOf(sampleOf(1, 2));
    const failing = { size: bytes.length, read: () => Promise.reject(lost) };
    await expect(ParquetEdges.open(failing, new AbortController().signal)).rejects.toBe(lost);
    let reads = 0;
    const later = {
      size: bytes.length,
      read: async (start: number, end: number) => {
        if (reads++ > 0) throw lost;
        return bytes.subarray(start, end);
      },
    };
    const edges = await ParquetEdges.open(later, new AbortController().signal);
    await expect(allRowsOf(edges.batches())).rejects.toBe(lost);
  });
});

test("edges whose digests differ have no file", async () => {
  const [row] = sampleOf(20, 4);
  if (row === undefined) throw new Error("no sample");
  await expect(parquetOf([row, { ...row, end: row.end + 1n }])).rejects.toThrow(/to be the same in each row/);
});

test("batches that differ in what they can tell have no file", async () => {
  const sample = sampleOf(3, 6);
  async function* differing(): AsyncGenerator<EdgeBatch> {
    yield* batchesOf(sample, 100, ["flows"]);
    yield* batchesOf(sample, 100, ["flows", "vpc_id"]);
  }
  await expect(buffer(toParquet(differing(), () => METADATA))).rejects.toThrow(
    "expected all batches to have the columns flows, got flows, vpc_id",
  );
});

async function* repeated<T>(item: T, times: number): AsyncGenerator<T> {
  for (let i = 0; i < times; i++) yield item;
}
