import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";
import { listen, type Listening } from "../listen.js";
import type { S3Server } from "../s3/server.js";
import { TRINO_FUNCTIONS } from "./trino-in-duckdb.js";

/** A table of the catalog, and where DuckDB finds its rows. */
export interface AthenaTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly partitions?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly type?: string;
  /** A SELECT of DuckDB. */
  readonly rows: string;
}

/** How a query ends instead of with a result. */
export interface QueryFailure {
  readonly state?: "FAILED" | "CANCELLED";
  readonly reason: string;
  readonly category?: number;
  readonly retryable?: boolean;
  /** Whether it has written a file before. */
  readonly leavesFile?: boolean;
}

/** An answer of the interface itself. */
export interface CallFault {
  readonly operation: string;
  readonly times: number;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  /** Applied, but the answer is lost. */
  readonly loseAnswer?: boolean;
  readonly hang?: boolean;
}

interface Query {
  readonly id: string;
  readonly sql: string;
  readonly output: string;
  readonly workgroup: string | undefined;
  state: "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";
  failure: QueryFailure | undefined;
  scannedBytes: number;
  manifest: string | undefined;
  /** Looks so far: the first finds no query done that has just been started. */
  looks: number;
}

const Start = z.object({
  QueryString: z.string(),
  ClientRequestToken: z.string().min(32).max(128),
  ResultConfiguration: z.object({ OutputLocation: z.string().startsWith("s3://") }),
  WorkGroup: z.string().optional(),
});
const Names = z.object({ CatalogName: z.string(), DatabaseName: z.string(), TableName: z.string() });
const Id = z.object({ QueryExecutionId: z.string() });
const UNLOAD =
  /^UNLOAD \(\n([^]*)\n\)\nTO 's3:\/\/([^/']+)\/([^']*\/)'\nWITH \(format = 'TEXTFILE', field_delimiter = ' '\)$/;
/** Files that a result is written to. */
const FILES = 3;

class CallError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const RESULTS = new Map<string, Promise<readonly string[]>>();

/** An Athena on a real socket: queries run in DuckDB, and results are written into an S3 server of the tests. */
export class AthenaServer {
  /** By catalog/database/table. */
  readonly tables = new Map<string, AthenaTable>();
  readonly queries: Query[] = [];
  /** How the next queries end, one each; undefined: with their result. */
  readonly failures: (QueryFailure | undefined)[] = [];
  readonly faults: CallFault[] = [];
  /** Every call with its operation and who signed it. */
  readonly log: { readonly operation: string; readonly signedBy: string; readonly region: string }[] = [];
  /** Queries don't end while this is set. */
  held = false;
  /** What is told to have been scanned by each query; undefined: what its rows would take. */
  scannedBytes = 1234;
  /** Where manifests go; undefined: where the query says. */
  enforcedOutput: string | undefined;
  readonly #tokens = new Map<string, Query>();
  readonly #s3: S3Server;
  readonly #listening: Listening;

  private constructor(listening: Listening, s3: S3Server) {
    this.#listening = listening;
    this.#s3 = s3;
  }

  static async start(s3: S3Server): Promise<AthenaServer> {
    const server = createServer();
    const started = new AthenaServer(await listen(server), s3);
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      started.#serve(message, response).catch(() => response.destroy());
    });
    return started;
  }

  async stop(): Promise<void> {
    await this.#listening.close();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listening.port}`;
  }

  count(operation: string): number {
    return this.log.filter((call) => call.operation === operation).length;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: unknown = JSON.parse((await buffer(message)).toString() || "{}");
    const operation = String(message.headers["x-amz-target"]).replace("AmazonAthena.", "");
    const [, signedBy = "", region = ""] =
      /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(message.headers.authorization ?? "") ?? [];
    this.log.push({ operation, signedBy, region });
    const fault = this.faults.find((each) => each.operation === operation && each.times > 0);
    if (fault !== undefined) {
      this.faults.splice(this.faults.indexOf(fault), 1, { ...fault, times: fault.times - 1 });
      if (fault.hang === true) return;
    }
    response.setHeader("content-type", "application/x-amz-json-1.1");
    try {
      if (fault?.code !== undefined)
        throw new CallError(fault.code, fault.message ?? "a switch", fault.status);
      const answer = this.#answer(operation, body);
      if (fault?.loseAnswer === true) message.socket.resetAndDestroy();
      else response.end(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      response.writeHead(error.status).end(JSON.stringify({ __type: error.code, message: error.message }));
    }
  }

  #answer(operation: string, body: unknown): unknown {
    switch (operation) {
      case "GetTableMetadata":
        return { TableMetadata: this.#metadata(Names.parse(body)) };
      case "StartQueryExecution":
        return { QueryExecutionId: this.#start(Start.parse(body)).id };
      case "GetQueryExecution":
        return { QueryExecution: this.#look(this.#query(Id.parse(body).QueryExecutionId)) };
      case "StopQueryExecution": {
        const query = this.#query(Id.parse(body).QueryExecutionId);
        if (this.held || query.state === "QUEUED" || query.state === "RUNNING") {
          query.state = "CANCELLED";
          query.failure = { reason: "Query cancelled by user" };
        }
        return {};
      }
      default:
        throw new CallError("UnknownOperationException", operation);
    }
  }

  #metadata({ CatalogName, DatabaseName, TableName }: z.infer<typeof Names>): unknown {
    const table = this.tables.get(`${CatalogName}/${DatabaseName}/${TableName}`);
    if (table === undefined) {
      throw new CallError("MetadataException", `EntityNotFoundException: Table ${TableName} not found.`);
    }
    return {
      Name: TableName,
      TableType: table.type ?? "EXTERNAL_TABLE",
      Columns: listed(table.columns),
      PartitionKeys: listed(table.partitions),
      Parameters: table.parameters ?? {},
    };
  }

  #query(id: string): Query {
    const found = this.queries.find((query) => query.id === id);
    if (found === undefined)
      throw new CallError("InvalidRequestException", `QueryExecution ${id} was not found`);
    return found;
  }

  #start({ QueryString, ClientRequestToken, ResultConfiguration, WorkGroup }: z.infer<typeof Start>): Query {
    const known = this.#tokens.get(ClientRequestToken);
    if (known !== undefined) {
      if (known.sql === QueryString) return known;
      throw new CallError("InvalidRequestException", "Idempotent parameters do not match");
    }
    const query: Query = {
      id: randomUUID(),
      sql: QueryString,
      output: this.enforcedOutput ?? ResultConfiguration.OutputLocation,
      workgroup: WorkGroup,
      state: "QUEUED",
      failure: undefined,
      scannedBytes: 0,
      manifest: undefined,
      looks: 0,
    };
    this.queries.push(query);
    this.#tokens.set(ClientRequestToken, query);
    const failure = this.failures.shift();
    const run = failure === undefined ? this.#run(query) : this.#fail(query, failure);
    run.catch((error: unknown) => {
      query.state = "FAILED";
      query.failure = { reason: `SYNTAX_ERROR: ${String(error)}`, category: 2 };
    });
    return query;
  }

  /** Forgets a token, as Athena does some day. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  #look(query: Query): unknown {
    const isNew = query.looks++ === 0 || (this.held && query.state !== "CANCELLED");
    const State = isNew ? "RUNNING" : query.state;
    const { failure } = query;
    const told = State === "FAILED" || State === "CANCELLED" ? failure : undefined;
    return {
      QueryExecutionId: query.id,
      Status: {
        State,
        StateChangeReason: told?.reason,
        AthenaError:
          told?.category === undefined
            ? undefined
            : { ErrorCategory: told.category, Retryable: told.retryable ?? false, ErrorMessage: told.reason },
      },
      Statistics: { DataScannedInBytes: query.scannedBytes, DataManifestLocation: query.manifest },
    };
  }

  async #fail(query: Query, failure: QueryFailure): Promise<void> {
    const [, , bucket = "", prefix = ""] = UNLOAD.exec(query.sql) ?? [];
    if (failure.leavesFile === true)
      this.#s3.bucket(bucket).put(`${prefix}orphan.gz`, gzipSync("2 half a line"));
    query.failure = failure;
    query.scannedBytes = this.scannedBytes;
    query.state = failure.state ?? "FAILED";
  }

  async #run(query: Query): Promise<void> {
    query.state = "RUNNING";
    const [, select, bucket = "", prefix = ""] = UNLOAD.exec(query.sql) ?? [];
    if (select === undefined) throw new Error("expected UNLOAD as the product writes it");
    const stored = this.#s3.bucket(bucket);
    if (stored.keys().some((key) => key.startsWith(prefix))) {
      query.failure = {
        reason: "HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists",
        category: 2,
      };
      query.state = "FAILED";
      return;
    }
    const lines = await this.#lines(select);
    if (this.#query(query.id).state !== "RUNNING") return;
    const written: string[] = [];
    for (let file = 0; file < FILES; file++) {
      const part = lines.filter((_, index) => index % FILES === file);
      // Without rows there are no files.
      if (part.length === 0) continue;
      const key = `${prefix}20240601_120000_0000${file}_${file}.gz`;
      stored.put(key, gzipSync(part.map((line) => `${line}\n`).join("")));
      written.push(`s3://${bucket}/${key}`);
    }
    query.manifest = `${query.output}${query.id}-manifest.csv`;
    const [, manifestBucket = "", manifestKey = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(query.manifest) ?? [];
    this.#s3.buckets.get(manifestBucket)?.put(manifestKey, written.map((url) => `${url}\n`).join(""));
    query.scannedBytes = this.scannedBytes;
    query.state = "SUCCEEDED";
  }

  /** Run once, however often it is asked for: tests ask the same of the same tables. */
  #lines(select: string): Promise<readonly string[]> {
    const key = JSON.stringify([select, [...this.tables]]);
    const known = RESULTS.get(key);
    if (known !== undefined) return known;
    const lines = this.#runSelect(select);
    RESULTS.set(key, lines);
    return lines;
  }

  async #runSelect(select: string): Promise<string[]> {
    const database = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await database.connect();
    try {
      for (const statement of TRINO_FUNCTIONS) await connection.run(statement);
      for (const [path, { rows }] of this.tables) {
        const [catalog = "", schema = "", name = ""] = path.split("/").map((part) => `"${part}"`);
        await connection.run(`attach if not exists ':memory:' as ${catalog}`);
        await connection.run(`create schema if not exists ${catalog}.${schema}`);
        await connection.run(`create view ${catalog}.${schema}.${name} as ${rows}`);
      }
      // In an order of its own, which is always the same.
      const reader = await connection.runAndReadAll(`select * from (${select}) order by all`);
      return reader.getRowsJson().map((row) => row.map(String).join(" "));
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  }
}

function listed(columns: Readonly<Record<string, string>> = {}): unknown {
  return Object.entries(columns).map(([Name, Type]) => ({ Name, Type }));
}
