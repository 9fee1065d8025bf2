import { CorruptInputError } from "../errors.js";
import type { DotFacts } from "../graph/dot-to-edges.js";
import type { Conversations } from "../view/conversations.js";
import { converse, converseAndStore, type Stored } from "../view/converse.js";
import { bytesOf } from "./bytes-of.js";
import { type GraphBytes, readGraph } from "./read-graph.js";

/** A graph in memory. */
export interface Table {
  readonly conversations: Conversations;
  /** The edges as they are stored; undefined where nobody asked for them. */
  readonly stored: Stored | undefined;
  readonly facts: DotFacts;
  readonly bytes: number;
}

/** What is stored of this graph is damaged. */
export class DamagedGraphError extends Error {
  override name = "DamagedGraphError";
  readonly key: string;

  constructor(key: string, cause: CorruptInputError) {
    super(cause.message, { cause });
    this.key = key;
  }
}

export interface TableSource {
  readonly key: string;
  readonly rows: "conversations" | "flows";
  readonly maxEdges: number;
  readonly bytes: GraphBytes;
}

/**
 * The graphs that were asked about lately, in memory up to a bound. One is read at a time, whoever asks, so that what reading
 * takes beside it is bounded too.
 */
export class Tables {
  /** The one that was used last is the last. */
  readonly #kept = new Map<string, Table>();
  #bytes = 0;
  #reading: Promise<unknown> = Promise.resolve();

  /** @throws DamagedGraphError, RefusedError, or whatever reading the bytes fails with */
  async get(source: TableSource, cacheBytes: number, signal: AbortSignal): Promise<Table> {
    const name = `${source.key} ${source.rows}`;
    const known = this.#known(name);
    if (known !== undefined) return known;
    const read = this.#reading.then(async () => {
      signal.throwIfAborted();
      // Whoever waited before may have read the same.
      const there = this.#known(name);
      if (there !== undefined) return there;
      const table = await readTable(source, signal);
      this.#keep(name, table, cacheBytes);
      return table;
    });
    this.#reading = read.catch(() => undefined);
    return read;
  }

  #known(name: string): Table | undefined {
    const table = this.#kept.get(name);
    if (table === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, table);
    return table;
  }

  #keep(name: string, table: Table, cacheBytes: number): void {
    this.#kept.set(name, table);
    this.#bytes += table.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= cacheBytes) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

async function readTable({ key, rows, maxEdges, bytes }: TableSource, signal: AbortSignal): Promise<Table> {
  const facts: DotFacts = { mayMergeAddresses: false };
  try {
    const edges = await readGraph(bytes, { maxEdges, signal }, facts);
    const stored = rows === "flows" ? await converseAndStore(edges.batches, edges.rows) : undefined;
    const conversations = stored?.conversations ?? (await converse(edges.batches, edges.rows));
    return { conversations, stored, facts, bytes: bytesOf(conversations, stored) };
  } catch (error) {
    throw error instanceof CorruptInputError ? new DamagedGraphError(key, error) : error;
  }
}
