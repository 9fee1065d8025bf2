import type { KeyTable } from "../../flow-log/key-table.js";
import { Spill } from "./spill.js";

/** Tables, of which what was moved out is in a file. */
export class Partitions {
  readonly #tables: readonly KeyTable[];
  readonly #directory: string | undefined;
  #spill: Spill | undefined;
  spilled = 0;

  constructor(tables: readonly KeyTable[], directory: string | undefined) {
    this.#tables = tables;
    this.#directory = directory;
  }

  /** Rows in memory. */
  get size(): number {
    return this.#tables.reduce((sum, table) => sum + table.size, 0);
  }

  async moveOut(): Promise<void> {
    const { size } = this;
    if (size === 0) return;
    this.#spill ??= await Spill.create(this.#directory, this.#tables.length);
    await this.#spill.write(this.#tables);
    this.spilled += size;
  }

  /** One table for each partition, whole; where rows were moved out, until the next is asked for. */
  async *tables(signal: AbortSignal): AsyncGenerator<KeyTable> {
    if (this.#spill !== undefined) await this.moveOut();
    for (const [partition, table] of this.#tables.entries()) {
      await this.#spill?.read(partition, table, signal);
      yield table;
      if (this.#spill !== undefined) table.clear();
    }
  }

  async close(): Promise<void> {
    await this.#spill?.close();
  }
}
