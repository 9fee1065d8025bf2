import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { withRoom } from "../flow-log/room.js";
import { Levels, type Chunk } from "./chunk.js";
import { maxHybridBytes, putHybrid } from "./hybrid.js";

export type Keys = Int32Array | Uint16Array | Int16Array | Uint8Array;

/** What a dictionary holds. */
export interface Entries {
  /** The most bytes of an entry. */
  readonly maxBytes: number;
  /** Keys that stand for null. */
  readonly nulls: readonly number[];
  /** Writes the entry of a key as in a PLAIN page, and returns the position after it. It may write `OVERRUN_BYTES` too many. */
  put(key: number, bytes: Buffer, view: DataView, at: number): number;
  /** Whether the keys are numbers whose range is worth telling. */
  readonly ordered: boolean;
}

/** Of a dictionary; enough for any one entry. */
const FIRST_BYTES = 4096;
const FIRST_KEYS = 1024;
const NULL = -1;

/**
 * A column of keys, -1 and up, that come again: each distinct one is in the row group's dictionary, the rows are indices
 * of as many bits as these need.
 */
export class DictionaryColumn {
  readonly #entries: Entries;
  readonly #levels: Levels | undefined;
  /** Of the rows that have a value. */
  #indices = new Uint32Array(0);
  /** Index + 1 of each key, by key + 1; 0 for one that isn't in this group's dictionary. */
  #indexOf = new Int32Array(FIRST_KEYS);
  /** The dictionary, and how much of it there is. */
  #keys = new Int32Array(0);
  #size = 0;
  #rows = 0;
  #values = 0;
  /** Memory of the dictionary's page and of the data's, for one row group after another. */
  #dictionaryPage = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #dataPage = Buffer.alloc(0);

  constructor(entries: Entries, optional: boolean) {
    this.#entries = entries;
    this.#levels = optional ? new Levels() : undefined;
    for (const key of entries.nulls) this.#indexOf[key + 1] = NULL;
  }

  append(keys: Keys, from: number, to: number): void {
    const levels = this.#levels;
    levels?.reserve(this.#rows + to - from);
    this.#indices = withRoom(this.#indices, this.#values + to - from);
    this.#keys = withRoom(this.#keys, this.#size + to - from);
    for (let i = from; i < to; i++) {
      const key = keys[i] ?? 0;
      let index = this.#indexOf[key + 1] ?? 0;
      if (index === 0) index = this.#add(key);
      if (index !== NULL) this.#indices[this.#values++] = index - 1;
      else if (levels === undefined) throw new RangeError("null in a column that has none");
      levels?.set(this.#rows, index === NULL ? 0 : 1);
      this.#rows++;
    }
  }

  appendNulls(count: number): void {
    this.#levels?.reserve(this.#rows + count);
    for (let i = 0; i < count; i++) this.#levels?.set(this.#rows++, 0);
  }

  /** The rows so far as a chunk, valid until the next is taken, and begins anew. */
  take(): Chunk {
    const dictionary = this.#dictionary();
    const width = Math.max(1, 32 - Math.clz32(Math.max(0, this.#size - 1)));
    const levels = this.#levels;
    const maxBytes = (levels?.maxBytes(this.#rows) ?? 0) + 1 + maxHybridBytes(this.#values, width);
    if (this.#dataPage.length < maxBytes) this.#dataPage = Buffer.allocUnsafeSlow(maxBytes);
    const data = this.#dataPage;
    let at = levels?.put(data, 0, this.#rows) ?? 0;
    data[at++] = width;
    at = putHybrid(data, at, this.#indices, this.#values, width);
    const chunk = {
      rows: this.#rows,
      nulls: levels?.nulls ?? 0,
      dictionary: { bytes: dictionary, values: this.#size },
      data: data.subarray(0, at),
      range: this.#range(),
      // Packed indices hardly get smaller.
      compress: dictionary.length > at,
    };
    this.#clear();
    return chunk;
  }

  #add(key: number): number {
    if (key + 1 >= this.#indexOf.length) {
      this.#indexOf = withRoom(this.#indexOf, key + 2);
    }
    this.#keys[this.#size++] = key;
    this.#indexOf[key + 1] = this.#size;
    return this.#size;
  }

  #dictionary(): Buffer {
    let bytes = this.#dictionaryPage;
    let view = viewOf(bytes);
    let at = 0;
    for (let i = 0; i < this.#size; i++) {
      if (at + this.#entries.maxBytes + OVERRUN_BYTES > bytes.length) {
        bytes = Buffer.concat([bytes], 2 * bytes.length);
        view = viewOf(bytes);
      }
      at = this.#entries.put(this.#keys[i] ?? 0, bytes, view, at);
    }
    this.#dictionaryPage = bytes;
    return bytes.subarray(0, at);
  }

  #range(): Chunk["range"] {
    if (!this.#entries.ordered || this.#size === 0) return undefined;
    const keys = this.#keys.subarray(0, this.#size);
    return {
      min: int32(keys.reduce((a, b) => Math.min(a, b))),
      max: int32(keys.reduce((a, b) => Math.max(a, b))),
    };
  }

  #clear(): void {
    for (let i = 0; i < this.#size; i++) this.#indexOf[(this.#keys[i] ?? 0) + 1] = 0;
    this.#size = 0;
    this.#rows = 0;
    this.#values = 0;
    if (this.#levels !== undefined) this.#levels.nulls = 0;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
