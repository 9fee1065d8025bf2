import type { Aggregation } from "../../flow-log/aggregation.js";
import type { KeyTable } from "../../flow-log/key-table.js";
import { Spill } from "./spill.js";

/** The rows of an aggregation, of which only so many are kept in memory. */
export class Rows {
  readonly #aggregation: Aggregation;
  readonly #limit: number;
  readonly #directory: string | undefined;
  #spill: Spill | undefined;
  /** Rows that were moved to a file. A key counts as often as it was. */
  spilled = 0;

  constructor(aggregation: Aggregation, limit: number, directory: string | undefined) {
    this.#aggregation = aggregation;
    this.#limit = limit;
    this.#directory = directory;
  }

  /** Moves all rows out of memory when there are too many. */
  async bound(): Promise<void> {
    if (this.#aggregation.size > this.#limit) await this.#moveOut();
  }

  /** One table for each partition, whole. To be called when no row is added any more. */
  async *tables(signal: AbortSignal): AsyncGenerator<KeyTable> {
    const { partitions } = this.#aggregation;
    if (this.#spill === undefined) {
      yield* partitions;
      return;
    }
    await this.#moveOut();
    for (const partition of partitions.keys()) yield await this.#spill.read(partition, signal);
  }

  async close(): Promise<void> {
    await this.#spill?.close();
  }

  async #moveOut(): Promise<void> {
    const { partitions, size } = this.#aggregation;
    this.#spill ??= await Spill.create(this.#directory, partitions.length);
    await this.#spill.write(partitions);
    this.spilled += size;
  }
}
