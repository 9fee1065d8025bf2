import { setTimeout as sleep } from "node:timers/promises";
import type { QueryExecution } from "@aws-sdk/client-athena";
import type { CredentialSource } from "../../../aws/credentials.js";
import { withDeadline } from "../../../deadline.js";
import { DependencyError, HandedOverError } from "../../../errors.js";
import type { Athena } from "./client.js";
import { callError, type FailedQuery, queryError } from "./errors.js";
import type { TableMetadata, TableName } from "./table.js";

/** Of a call, with the pauses that throttling costs. */
const CALL_MS = 60_000;
const STOP_MS = 5000;
const LONGEST_PAUSE_MS = 5000;

export interface QueryRunnerOptions {
  readonly athena: () => Promise<Athena>;
  readonly source: CredentialSource;
  /** Undefined: the account's primary one. */
  readonly workgroup: string | undefined;
  /** How long a query may wait and run, in milliseconds. */
  readonly timeoutMs: number;
  /** Between the first look at a query, which comes at once, and the second, in milliseconds; later ones are longer. */
  readonly pollMs: number;
}

export interface Query {
  readonly sql: string;
  /** Two with one token are one query: Athena runs the first, and tells of it again. */
  readonly token: string;
  /** Where Athena puts what it says of the query, `s3://…/`. */
  readonly output: string;
}

export interface FinishedQuery {
  readonly id: string;
  readonly scannedBytes: number;
  /** Where the names of the files that it wrote are, as far as Athena tells. */
  readonly manifest: string | undefined;
}

/** Calls Athena, and follows a query from its start to its end. */
export class QueryRunner {
  readonly #options: QueryRunnerOptions;

  constructor(options: QueryRunnerOptions) {
    this.#options = options;
  }

  /** @throws DependencyError also when there is no such table */
  async table({ catalog, database, name }: TableName, signal: AbortSignal): Promise<TableMetadata> {
    const { workgroup } = this.#options;
    const names = { CatalogName: catalog, DatabaseName: database, TableName: name, WorkGroup: workgroup };
    const answer = await this.#call(
      `GetTableMetadata of ${catalog}/${database}/${name}`,
      signal,
      ({ client, library }, options) => client.send(new library.GetTableMetadataCommand(names), options),
    );
    return answer.TableMetadata ?? {};
  }

  /**
   * Starts a query, or finds the one that has its token.
   *
   * @returns its id
   */
  async start({ sql, token, output }: Query, signal: AbortSignal): Promise<string> {
    const { workgroup } = this.#options;
    const action = `StartQueryExecution in the workgroup ${workgroup ?? "primary"}`;
    const query = {
      QueryString: sql,
      ClientRequestToken: token,
      ResultConfiguration: { OutputLocation: output },
      WorkGroup: workgroup,
    };
    const { QueryExecutionId } = await this.#call(action, signal, ({ client, library }, options) =>
      client.send(new library.StartQueryExecutionCommand(query), options),
    );
    if (QueryExecutionId === undefined) {
      throw new DependencyError("digester", `${action}: the answer lacks the query's id`);
    }
    return QueryExecutionId;
  }

  /**
   * Waits for a query to end. One that is left alone, because whoever goes on with the job will find it, is left running;
   * otherwise an abort stops it.
   *
   * @returns undefined when it had failed before it was waited for: a query of an earlier attempt
   * @throws DependencyError, CorruptInputError
   */
  async finish(id: string, signal: AbortSignal): Promise<FinishedQuery | undefined> {
    const { timeoutMs } = this.#options;
    const late = new DependencyError(
      "digester",
      `the Athena query ${id} took more than ${timeoutMs} ms and was stopped: FLOW_LOG_ATHENA_TIMEOUT says how long one may take`,
      { timedOut: true },
    );
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#poll(id, AbortSignal.any([signal, deadline]));
    } catch (error) {
      const goesOn = signal.reason instanceof HandedOverError;
      if ((signal.aborted && !goesOn) || deadline.aborted) await this.#stop(id);
      signal.throwIfAborted();
      throw deadline.aborted ? late : error;
    }
  }

  async #poll(id: string, signal: AbortSignal): Promise<FinishedQuery | undefined> {
    for (
      let looks = 0, pause = this.#options.pollMs;
      ;
      looks++, pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    ) {
      const { Status = {}, Statistics = {} } = await this.#look(id, signal);
      const { State, StateChangeReason, AthenaError } = Status;
      const { DataScannedInBytes: scannedBytes = 0, DataManifestLocation: manifest } = Statistics;
      if (State === "SUCCEEDED") return { id, scannedBytes, manifest };
      if (State === "FAILED" || State === "CANCELLED") {
        const failed: FailedQuery = {
          id,
          state: State,
          reason: StateChangeReason ?? AthenaError?.ErrorMessage ?? "Athena gives no reason",
          category: AthenaError?.ErrorCategory,
          retryable: AthenaError?.Retryable,
          scannedBytes,
        };
        // Where something is written already, it is that of a query with this token which Athena has forgotten.
        if (looks === 0 || /HIVE_PATH_ALREADY_EXISTS/.test(failed.reason)) return undefined;
        throw queryError(failed);
      }
      await sleep(pause, undefined, { signal });
    }
  }

  async #look(id: string, signal: AbortSignal): Promise<QueryExecution> {
    const action = `GetQueryExecution of ${id}`;
    const { QueryExecution } = await this.#call(action, signal, ({ client, library }, options) =>
      client.send(new library.GetQueryExecutionCommand({ QueryExecutionId: id }), options),
    );
    if (QueryExecution?.Status?.State === undefined) {
      throw new DependencyError("digester", `${action}: the answer lacks the query's state`);
    }
    return QueryExecution;
  }

  /** Nobody waits for it any more, so it needn't cost more. Where this fails, it ends by itself. */
  async #stop(id: string): Promise<void> {
    await this.#call(
      `StopQueryExecution of ${id}`,
      AbortSignal.timeout(STOP_MS),
      ({ client, library }, options) =>
        client.send(new library.StopQueryExecutionCommand({ QueryExecutionId: id }), options),
    ).catch(() => undefined);
  }

  async #call<T>(
    action: string,
    signal: AbortSignal,
    run: (athena: Athena, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { athena, source } = this.#options;
    return withDeadline(
      { dependency: "digester", doing: action, ms: CALL_MS },
      signal,
      async (abortSignal) => {
        try {
          return await run(await athena(), { abortSignal });
        } catch (error) {
          throw callError(error, { action, source: source.description });
        }
      },
    );
  }
}
