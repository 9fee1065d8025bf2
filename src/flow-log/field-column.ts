import { ACCEPTED, type Aggregation, REJECTED, UNDECIDED } from "./aggregation.js";
import type { ByteTable } from "./byte-table.js";
import { isFurther } from "./further-fields.js";

/**
 * What stands for a value: a whole number below 10^15, which a field of text has as the number of its text; that there is
 * none; something else, which the obvious path decides on; or that nobody has looked yet.
 */
export const [NONE, ODD, UNKNOWN] = [-1, -2, -3];

/** Values of a field in a block of rows. */
export interface FieldColumn {
  /** For each row what its value is. The same array for all blocks. */
  readonly block: Float64Array;
  /** What the value of a row is that was `UNKNOWN`. */
  look(row: number): number;
}

/** What the value of a row is. */
export function codeAt(column: FieldColumn, row: number): number {
  const code = column.block[row] ?? ODD;
  return code === UNKNOWN ? column.look(row) : code;
}

/** The code of a text, which is `-` where there is no value. */
export type TextCoder = (view: DataView, from: number, to: number) => number;

const DASH = 0x2d;
/** Codes of a record's status. */
export const [OK, NODATA, SKIPDATA] = [0, 1, 2];

/** How the texts of a field are numbered; undefined for a field of numbers. */
export function textCoderOf(
  field: string,
  { accounts, interfaces, addresses, combinations }: Aggregation,
): TextCoder | undefined {
  if (isFurther(field)) return numbered(combinations.values);
  switch (field) {
    case "account-id":
      return named(accounts);
    case "interface-id":
    case "tgw-attachment-id":
      return named(interfaces);
    case "srcaddr":
    case "dstaddr":
    case "pkt-srcaddr":
    case "pkt-dstaddr":
      return numbered(addresses);
    case "action":
      return wordCoder([
        ["ACCEPT", ACCEPTED],
        ["REJECT", REJECTED],
        ["-", UNDECIDED],
      ]);
    case "log-status":
      return wordCoder([
        ["OK", OK],
        ["NODATA", NODATA],
        ["SKIPDATA", SKIPDATA],
      ]);
    default:
      return undefined;
  }
}

/** A text of the table, or none. */
function numbered(table: ByteTable): TextCoder {
  const name = named(table);
  return (view, from, to) => (isDash(view, from, to) ? NONE : name(view, from, to));
}

/** A text of the table, in which `-` is one as well. */
function named(table: ByteTable): TextCoder {
  return (view, from, to) => {
    const number = table.intern(view, from, to);
    return number < 0 ? ODD : number;
  };
}

function isDash(view: DataView, from: number, to: number): boolean {
  return to - from === 1 && view.getUint8(from) === DASH;
}

/** There are so few that they are compared one by one. */
function wordCoder(words: readonly (readonly [word: string, code: number])[]): TextCoder {
  return (view, from, to) => {
    const isAt = (word: string) => {
      if (to - from !== word.length) return false;
      for (let i = 0; i < word.length; i++) {
        if (view.getUint8(from + i) !== word.charCodeAt(i)) return false;
      }
      return true;
    };
    return words.find(([word]) => isAt(word))?.[1] ?? ODD;
  };
}
