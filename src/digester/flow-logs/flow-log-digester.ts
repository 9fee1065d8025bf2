import { CorruptInputError, DependencyError } from "../../errors.js";
import { digestLines } from "../../flow-log/digest-lines.js";
import { RecordIntake } from "../../flow-log/record.js";
import type { TextFormat } from "../../flow-log/text-reader.js";
import type { TimeWindow } from "../../window.js";
import type { Digest, Digester } from "../digester.js";
import { streamOf } from "./body.js";
import type { Globs } from "./globs.js";
import { prefetch } from "./prefetch.js";
import { readText } from "./read-text.js";
import { Rows } from "./rows.js";
import type { LogObject, Source } from "./source.js";
import { TwiceLogged } from "./twice-logged.js";

export interface FlowLogDigesterOptions {
  readonly source: Source;
  /** How files without a header are read. */
  readonly format: TextFormat;
  /** Accounts and regions to narrow to; all where undefined. */
  readonly accounts?: ReadonlySet<string> | undefined;
  readonly regions?: ReadonlySet<string> | undefined;
  /** Ids of flow logs, and patterns over keys, to narrow to. */
  readonly flowLogs?: ReadonlySet<string> | undefined;
  readonly include?: Globs | undefined;
  readonly exclude?: Globs | undefined;
  /** Above so many keys, rows are moved to a temporary file in this directory, the system's where undefined. */
  readonly keysInMemory: number;
  readonly spillDirectory?: string | undefined;
  /** Objects opened at once, of which one is read; 1 unless told otherwise. */
  readonly prefetch?: number | undefined;
  /** Milliseconds after its end that the logs of a window take to arrive; none unless told otherwise. */
  readonly settleMs?: number | undefined;
}

/**
 * Sums up flow logs in this process. A digest is written when all of its window has been read: every line tells the
 * first start and the last end of all.
 */
export class FlowLogDigester implements Digester {
  readonly #options: FlowLogDigesterOptions;

  constructor(options: FlowLogDigesterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#options.source.start?.();
  }

  async stop(): Promise<void> {
    await this.#options.source.stop?.();
  }

  readyAt(window: TimeWindow): Date {
    return new Date(window.stopDate.getTime() + (this.#options.settleMs ?? 0));
  }

  async digest(window: TimeWindow, signal: AbortSignal): Promise<Digest> {
    const { source, accounts, regions, flowLogs, include, exclude } = this.#options;
    const listing = await source.list({ window, accounts, regions, flowLogs, include, exclude }, signal);
    const { objects, counts: listed } = listing;
    const counts: Record<string, number> = { files: objects.length, ...listed };
    const warnings = [...listing.warnings];
    const body = streamOf((closed) => this.#lines(window, objects, counts, warnings, closed), signal);
    return { body, counts, warnings };
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#options.source.ready(signal);
  }

  async *#lines(
    window: TimeWindow,
    objects: readonly LogObject[],
    counts: Record<string, number>,
    warnings: string[],
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const { format, keysInMemory, spillDirectory, prefetch: limit = 1 } = this.#options;
    const intake = new RecordIntake(window);
    const { aggregation } = intake;
    const rows = new Rows(aggregation, keysInMemory, spillDirectory);
    const twiceLogged = new TwiceLogged(aggregation.interfaces, objects);
    try {
      for (const object of prefetch(objects, limit, signal)) {
        twiceLogged.begin(object);
        try {
          const bound = () => rows.bound();
          if (object.format === "parquet") {
            // Its decoders take as long to load as everything else together.
            const { readParquet } = await import("./read-parquet.js");
            await readParquet(object, intake, format.addresses, bound, signal);
          } else {
            await readText(object, intake, format, bound, signal);
          }
        } catch (error) {
          signal.throwIfAborted();
          throw explained(object.key, error);
        }
      }
      warnings.push(...twiceLogged.warnings());
      let keys = 0;
      for await (const table of rows.tables(signal)) {
        keys += table.size;
        yield* digestLines(aggregation, table);
      }
      Object.assign(counts, intake.counts, { keys, spilledRows: rows.spilled });
    } finally {
      await rows.close();
    }
  }
}

function explained(key: string, error: unknown): Error {
  if (error instanceof CorruptInputError || error instanceof DependencyError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DependencyError("digester", `can't read the flow log ${key}: ${reason}`, { cause: error });
}
