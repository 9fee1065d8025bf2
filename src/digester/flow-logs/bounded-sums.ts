import type { Aggregation } from "../../flow-log/aggregation.js";
import type { KeyTable } from "../../flow-log/key-table.js";
import { Endpoints } from "../../flow-log/endpoints.js";
import { nextTurn, turnIsOver } from "../../turn.js";
import { Partitions } from "./partitions.js";

/** Rows for which a kernel has memory in any case: it can have 4 GB, and a row takes 80 bytes, 100 while slots are moved. */
const MAX_ROWS = 30_000_000;

/** The sums of a window, of which only so many rows are kept in memory. */
export class BoundedSums {
  readonly #aggregation: Aggregation;
  readonly #limit: number;
  readonly #decided: Partitions;
  readonly #open: Partitions;

  constructor(aggregation: Aggregation, limit: number, directory: string | undefined) {
    this.#aggregation = aggregation;
    this.#limit = Math.min(limit, MAX_ROWS);
    this.#decided = new Partitions(aggregation.decided, directory);
    this.#open = new Partitions(aggregation.open, directory);
  }

  /** Rows that were moved to a file. A key counts as often as it was. */
  get spilled(): number {
    return this.#decided.spilled + this.#open.spilled;
  }

  /** Moves all rows out of memory when there are too many. */
  async bound(): Promise<void> {
    if (this.#decided.size + this.#open.size <= this.#limit) return;
    await this.#decided.moveOut();
    await this.#open.moveOut();
  }

  /** One table for each partition, whole, all decided. To be called once, when no row is added any more. */
  async *tables(signal: AbortSignal): AsyncGenerator<KeyTable> {
    await this.#settle(signal);
    yield* this.#decided.tables(signal);
  }

  async close(): Promise<void> {
    await this.#decided.close();
    await this.#open.close();
  }

  async #settle(signal: AbortSignal): Promise<void> {
    const rows = this.#open.size + this.#open.spilled;
    if (rows === 0) return;
    const endpoints = new Endpoints(rows);
    for await (const table of this.#open.tables(signal)) await inTurns(endpoints.sketch(table), signal);
    for await (const table of this.#open.tables(signal)) await inTurns(endpoints.count(table), signal);
    if (this.#aggregation.hasHandshakes) {
      for await (const table of this.#decided.tables(signal)) await inTurns(endpoints.heed(table), signal);
    }
    for await (const table of this.#open.tables(signal)) {
      await inTurns(this.#aggregation.settle(table, endpoints), signal);
      await this.bound();
    }
  }
}

/** Takes steps one by one, so that others have their turn. */
async function inTurns(steps: Iterable<undefined>, signal: AbortSignal): Promise<void> {
  for (const _ of steps) {
    if (!turnIsOver()) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
}
