import { randomUUID } from "node:crypto";
import { assumedRole } from "../../../s3/assume-role.js";
import { credentialSource } from "../../../aws/credentials.js";
import { DependencyError } from "../../../errors.js";
import type { AddressChoice } from "../../../flow-log/columns.js";
import { Bucket, type BucketOptions } from "../../../s3/bucket.js";
import type { Selection } from "../selection.js";
import type { Listing, Source } from "../source.js";
import { type Attempt, attemptOf } from "./attempt.js";
import { type Athena, type AthenaAccess, athenaClient } from "./client.js";
import { conditionsOf } from "./conditions.js";
import { coverage } from "./projection.js";
import { type FinishedQuery, QueryRunner } from "./query.js";
import { resultOf, sumsObject } from "./result.js";
import { furtherFields } from "./select-records.js";
import { selectOf } from "./select.js";
import { type FlowLogTable, flowLogTable, type TableName, unfit } from "./table.js";

/** Queries of one making of a graph that were found to have failed, before this counts as failure itself. */
const MAX_ATTEMPTS = 20;
/** More patience than the other buckets': a result is read by many calls in a row. */
const MAX_CALL_ATTEMPTS = 8;
const POLL_MS = 250;

export interface AthenaSourceOptions {
  readonly table: TableName;
  readonly addresses: AddressChoice;
  readonly athena: AthenaAccess;
  /** The bucket that results are written to, and how it is reached; Athena is called with the same credentials. */
  readonly output: BucketOptions;
  /** Below which results are, empty or with a slash at its end. */
  readonly outputPrefix: string;
  readonly workgroup: string | undefined;
  /** Whether a table is taken whose partitions somebody has to load. */
  readonly unprojected: boolean;
  /** How long a query may wait and run, in milliseconds. */
  readonly timeoutMs: number;
  /** Between looks at a query, at first, in milliseconds; 250 unless told otherwise. */
  readonly pollMs?: number | undefined;
  /** How far the stream of a file runs ahead of its reader. */
  readonly bufferedBytes: number;
}

/**
 * Flow logs in a table of Athena: one query sums up a window, and the files of its result are what is read. A query whose job was
 * handed on is found by whoever goes on with it.
 */
export class AthenaSource implements Source {
  readonly #options: AthenaSourceOptions;
  readonly #where: string;
  readonly #bucket: Bucket;
  readonly #queries: QueryRunner;
  #athena: Promise<Athena> | undefined;

  constructor(options: AthenaSourceOptions) {
    this.#options = options;
    const { table, output, athena, workgroup, timeoutMs, pollMs = POLL_MS } = options;
    this.#where = `the table ${table.catalog}/${table.database}/${table.name}`;
    this.#bucket = new Bucket("digester", "FLOW_LOG_BUCKET_REGION", {
      maxAttempts: MAX_CALL_ATTEMPTS,
      ...output,
    });
    const own = credentialSource(output.access.credentials);
    const { role } = output.access;
    const source = role === undefined ? own : assumedRole(role, own, athena.region);
    // Loaded once, when it is needed first.
    const load = () => (this.#athena ??= athenaClient(athena, source));
    this.#queries = new QueryRunner({ athena: load, source, workgroup, timeoutMs, pollMs });
  }

  async start(): Promise<void> {
    await this.#bucket.checkSettings();
  }

  async stop(): Promise<void> {
    await this.#bucket.close();
    (await this.#athena)?.client.destroy();
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#table(signal);
  }

  async list(selection: Selection, signal: AbortSignal, making: string = randomUUID()): Promise<Listing> {
    const { table: name, addresses, bufferedBytes } = this.#options;
    const table = await this.#table(signal);
    const { conditions, warnings } = conditionsOf(this.#where, table, selection);
    const { window } = selection;
    const select = selectOf({
      table: name,
      columns: table.columns,
      window,
      addresses,
      conditions,
      byVpc: selection.vpcs !== undefined,
    });
    const { query, files } = await this.#query(window.id, making, select, signal);
    const further = furtherFields(table.columns);
    // Interfaces without traffic are records too, so this is odd.
    const nothing = files.every(({ size }) => size === 0)
      ? [
          `Athena found no records of this window in ${this.#where}, and scanned ${query.scannedBytes} bytes (query ${query.id}): no files are where its partitions point, or nothing is of what was asked for`,
        ]
      : [];
    return {
      objects: files.map((file) => sumsObject(this.#bucket, file, further, bufferedBytes)),
      counts: { scannedBytes: query.scannedBytes },
      warnings: [...warnings, ...nothing],
      where: this.#where,
      details: { athenaQuery: query.id, athenaPartitions: coverage(table) },
    };
  }

  async #table(signal: AbortSignal): Promise<FlowLogTable> {
    const { table: name, unprojected } = this.#options;
    const table = flowLogTable(this.#where, await this.#queries.table(name, signal));
    if (table.isProjected || unprojected) return table;
    throw unfit(
      `${this.#where}: expected a table with partition projection (the property projection.enabled), for what nobody loads is missing without a word. FLOW_LOG_ATHENA_UNPROJECTED=true takes a table or a view without`,
    );
  }

  /** The result of this making's query: of one that an earlier attempt began, or of a new one. */
  async #query(graphId: string, making: string, select: string, signal: AbortSignal) {
    const { output, outputPrefix: prefix } = this.#options;
    for (let number = 1; number <= MAX_ATTEMPTS; number++) {
      const attempt = attemptOf({ bucket: output.bucket, prefix }, graphId, making, select, number);
      const query = await this.#run(attempt, signal);
      const files = query && (await resultOf(this.#bucket, attempt.rows, query, signal));
      if (query !== undefined && files !== undefined) return { query, files };
    }
    throw new DependencyError(
      "digester",
      `${MAX_ATTEMPTS} Athena queries for this graph have failed: ask for it again`,
      { transient: false },
    );
  }

  async #run({ sql, token, about }: Attempt, signal: AbortSignal): Promise<FinishedQuery | undefined> {
    const id = await this.#queries.start({ sql, token, output: about }, signal);
    return this.#queries.finish(id, signal);
  }
}
