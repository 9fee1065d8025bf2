import { FURTHER_FIELDS } from "./further-fields.js";
import { newNameTable } from "./name-table.js";
import { withRoom } from "./room.js";
import { mix } from "./secret-hash.js";

const FIELDS = FURTHER_FIELDS.length;
const INITIAL_SLOTS = 128;

/** The number of the combination without any value: of records whose log has none of the further fields. */
export const NO_VALUES = 0;

/**
 * Numbers the distinct combinations of further values that records have. There are few: most values follow from the
 * interface. So a row of sums needs one number for all ten, and a record that agrees with its row costs one comparison.
 *
 * What all records of a row agree on is a combination as well, and doesn't hang on their order: a value that differs, or
 * that one of them lacks, is gone for good. Nothing is ever removed.
 */
export class Combinations {
  /** The texts of all fields. */
  readonly values = newNameTable();
  /** Bit n is set when a record was taken whose log has the field n. */
  fields = 0;
  /** For each field the number of its text + 1, 0 where there is none; `FIELDS` words a combination. */
  #words = new Int32Array(FIELDS);
  #size = 1;
  /** Number of a combination, 0 for a free slot: `NO_VALUES` is never looked for. At most half full. */
  #slots = new Int32Array(INITIAL_SLOTS);
  readonly #agreed = new Int32Array(FIELDS);

  /** Distinct combinations, that without any value included. */
  get size(): number {
    return this.#size;
  }

  /** @param words for each field the number of its text + 1, 0 where it has none, from `at` on */
  intern(words: Int32Array, at = 0): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(words, at) & mask;
    for (;;) {
      const number = slots[slot] ?? 0;
      if (number === 0) break;
      if (this.#is(number, words, at)) return number;
      slot = (slot + 1) & mask;
    }
    if (this.#is(NO_VALUES, words, at)) return NO_VALUES;
    const number = this.#size++;
    this.#words = withRoom(this.#words, FIELDS * this.#size);
    for (let field = 0; field < FIELDS; field++)
      this.#words[FIELDS * number + field] = words[at + field] ?? 0;
    slots[slot] = number;
    if (2 * this.#size >= slots.length) this.#grow();
    return number;
  }

  /** The number of what two combinations agree on. */
  agreed(one: number, other: number): number {
    if (one === other) return one;
    if (one === NO_VALUES || other === NO_VALUES) return NO_VALUES;
    const words = this.#words;
    const agreed = this.#agreed;
    let lost = 0;
    for (let field = 0; field < FIELDS; field++) {
      const word = words[FIELDS * one + field] ?? 0;
      agreed[field] = word === words[FIELDS * other + field] ? word : 0;
      lost |= word ^ (agreed[field] ?? 0);
    }
    // Rows whose records differ settle soon.
    return lost === 0 ? one : this.intern(agreed);
  }

  /** The number of a field's text in `values`, -1 where the combination has none. */
  valueOf(combination: number, field: number): number {
    return (this.#words[FIELDS * combination + field] ?? 0) - 1;
  }

  #is(number: number, words: Int32Array, at: number): boolean {
    for (let field = 0; field < FIELDS; field++) {
      if (this.#words[FIELDS * number + field] !== words[at + field]) return false;
    }
    return true;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 1; number < this.#size; number++) {
      let slot = hashOf(this.#words, FIELDS * number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}

function hashOf(words: Int32Array, at: number): number {
  let hash = 0;
  for (let field = 0; field < FIELDS; field++) hash = mix(hash, words[at + field] ?? 0, field & 7);
  return hash ^ (hash >>> 15);
}
