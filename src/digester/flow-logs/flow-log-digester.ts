import { obstacleOf } from "../../disk/data-dir.js";
import type { EdgeBatch } from "../../edges/table.js";
import { CorruptInputError, DependencyError, messageOf } from "../../errors.js";
import { MissingVpcError, RecordIntake } from "../../flow-log/record.js";
import { formatsOf, type TextFormat } from "../../flow-log/line-layout.js";
import type { Scope } from "../../scope.js";
import { ScopeError } from "../../scope-parts.js";
import { nextTurn, turnIsOver } from "../../turn.js";
import type { PlainWindow } from "../../window.js";
import type { Digester, DigestOfEdges } from "../digester.js";
import { Alike } from "./alike.js";
import { BoundedSums } from "./bounded-sums.js";
import { edgesOfSums } from "./edges-of-sums.js";
import { ForeignFiles } from "./foreign-files.js";
import { ForeignFileError } from "./foreign-file-error.js";
import { look, type Look } from "./look.js";
import { firstOf, nothingRecognised } from "./nothing-recognised.js";
import { prefetch } from "./prefetch.js";
import { ContentReader } from "./read-content.js";
import { checkWithin, readyAt, selectionOf } from "./scope.js";
import type { Selection } from "./selection.js";
import type { LogObject, Source } from "./source.js";
import { TwiceLogged } from "./twice-logged.js";

/** Enough for a disk: while small files are taken in, the next ones are read. */
const PREFETCH = 32;

export interface FlowLogDigesterOptions extends Omit<Selection, "window"> {
  readonly source: Source;
  /** How files without a header are read. */
  readonly format: TextFormat;
  /** Above so many keys, rows are moved to a temporary file in this directory, the system's where undefined. */
  readonly keysInMemory: number;
  readonly spillDirectory?: string | undefined;
  /** Objects opened at once, of which one is taken in; 32 unless told otherwise. */
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
  readonly #foreign = new ForeignFiles();

  constructor(options: FlowLogDigesterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#options.source.start?.();
  }

  async stop(): Promise<void> {
    await this.#options.source.stop?.();
  }

  readyAt(window: PlainWindow): Date {
    return readyAt(window, this.#options.settleMs);
  }

  checkScope(scope: Scope): void {
    checkWithin(scope, this.#options);
  }

  async digest(window: PlainWindow, signal: AbortSignal, making?: string): Promise<DigestOfEdges> {
    const selection = selectionOf(window, this.#options);
    const listing = await this.#options.source.list(selection, signal, making);
    const { objects, counts: listed, details = {} } = listing;
    const counts: Record<string, number> = { files: objects.length, ...listed };
    const warnings = [...listing.warnings];
    // Where something is outside the window, or not selected, there are flow logs.
    const elsewhere = ["filesOutsideWindow", "filesNotSelected", "foldersNotSelected"];
    const where = elsewhere.every((name) => (listed[name] ?? 0) === 0) ? listing.where : undefined;
    const progress = { filesDone: 0, files: objects.length, records: 0 };
    const edges = this.#edges(selection, objects, { counts, warnings, where, progress }, signal);
    return { edges, counts, warnings, details, progress: () => ({ ...progress }) };
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#options.source.ready(signal);
  }

  async *#edges(
    selection: Selection,
    objects: readonly LogObject[],
    report: Report,
    signal: AbortSignal,
  ): AsyncGenerator<EdgeBatch> {
    const { keysInMemory, spillDirectory } = this.#options;
    const intake = new RecordIntake(selection.window, selection.vpcs);
    const { aggregation } = intake;
    const sums = new BoundedSums(aggregation, keysInMemory, spillDirectory);
    try {
      const afterBlock = () => {
        report.progress.records = intake.counts.records;
        return sums.bound();
      };
      await this.#read(objects, selection, intake, afterBlock, report, signal);
      const batches = edgesOfSums(aggregation);
      let keys = 0;
      for await (const table of sums.tables(signal)) {
        keys += table.size;
        for (const batch of batches(table)) {
          yield batch;
          if (turnIsOver()) await nextTurn();
          signal.throwIfAborted();
        }
      }
      const { scope } = selection.window;
      if (scope !== undefined && intake.taken === 0) {
        report.warnings.push(`no record of this window with addresses is of the scope ${scope}`);
      }
      Object.assign(report.counts, intake.counts, { keys, spilledRows: sums.spilled });
    } catch (error) {
      // What an abort breaks fails in its own words; why it was aborted is what counts.
      signal.throwIfAborted();
      throw error;
    } finally {
      intake.close();
      await sums.close();
    }
  }

  /** Takes in the records of all objects that can be flow logs. */
  async #read(
    objects: readonly LogObject[],
    { accounts }: Selection,
    intake: RecordIntake,
    afterBlock: () => Promise<void>,
    { counts, warnings, where, progress }: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const { format, prefetch: limit = PREFETCH } = this.#options;
    const formats = formatsOf(format);
    const reader = new ContentReader(intake, format, afterBlock, signal);
    const twiceLogged = new TwiceLogged(intake.aggregation.interfaces, objects);
    const alike = new Alike();
    const foreign: LogObject[] = [];
    let emptyFiles = 0;
    const looking = (object: LogObject, whileAhead: AbortSignal): Promise<Look> | undefined => {
      if (object.named === "aws") return undefined;
      if (this.#foreign.has(object)) return Promise.resolve({ verdict: "foreign", object });
      return look(object, formats, whileAhead).catch((error: unknown) => {
        throw explained(object.key, error);
      });
    };
    for await (const { object, verdict } of prefetch(objects, limit, signal, looking)) {
      if (verdict === "foreign") {
        this.#foreign.add(object);
        foreign.push(object);
        // What was known already takes no time of its own, in which others could have their turn.
        if (turnIsOver()) await nextTurn();
      } else if (verdict === "empty") {
        emptyFiles++;
      } else {
        intake.accounts = object.account === undefined ? accounts : undefined;
        twiceLogged.begin(object);
        try {
          const before = intake.taken;
          const beginning = await reader.read(object);
          if (beginning === undefined) emptyFiles++;
          else if (intake.taken > before) alike.add(object, beginning);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ForeignFileError && object.named === "otherwise"))
            throw explained(object.key, error);
          this.#foreign.add(object);
          foreign.push(object);
        }
      }
      progress.filesDone++;
    }
    counts["files"] = objects.length - foreign.length;
    counts["emptyFiles"] = emptyFiles;
    counts["foreignFiles"] = (counts["foreignFiles"] ?? 0) + foreign.length;
    warnings.push(...twiceLogged.warnings(), ...alike.warnings());
    if (intake.withoutVpc > 0) {
      warnings.push(
        `records of the window that have no vpc-id aren't in the graph of a VPC (${intake.withoutVpc}): were they written before the flow log had the field?`,
      );
    }
    if (foreign.length === 0) return;
    const names = foreign.map(({ key }) => key);
    if (where !== undefined && foreign.length === objects.length) {
      throw nothingRecognised(where, names, counts["foreignFiles"]);
    }
    const files = foreign.length === 1 ? "1 file that is" : `${foreign.length} files that are`;
    warnings.push(
      `passed over ${files} not a flow log by its content: ${firstOf(names)}. FLOW_LOG_EXCLUDE leaves them out for good`,
    );
  }
}

interface Report {
  readonly counts: Record<string, number>;
  readonly warnings: string[];
  /** Where was looked, if it is an error that nothing there can be a flow log. */
  readonly where: string | undefined;
  /** Kept up while files are read. */
  readonly progress: { filesDone: number; readonly files: number; records: number };
}

function explained(key: string, error: unknown): Error {
  if (error instanceof MissingVpcError) {
    const cause = new ScopeError(
      "some of its flow logs lack the field vpc-id, which vpc needs: ask without vpc, or again when they have it",
      { cause: error },
    );
    return new CorruptInputError(
      `${key}: expected records with vpc-id, since the graph is of a VPC, got some without. Make a flow log whose format has vpc-id and leave this one out with FLOW_LOG_IDS or FLOW_LOG_EXCLUDE, or ask without vpc`,
      { cause },
    );
  }
  if (error instanceof CorruptInputError) {
    const advice = "If the file can't be repaired, or isn't a flow log, leave it out with FLOW_LOG_EXCLUDE";
    return new CorruptInputError(`${error.message}. ${advice}`, { cause: error });
  }
  if (error instanceof DependencyError) return error;
  const reason = messageOf(error);
  const obstacle = obstacleOf(error);
  const advice = obstacle === "access" ? ". Grant access, or leave it out with FLOW_LOG_EXCLUDE" : "";
  return new DependencyError("digester", `can't read the flow log ${key}: ${reason}${advice}`, {
    cause: error,
    obstacle,
  });
}
