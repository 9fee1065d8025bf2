import { ACCEPTED, REJECTED, UNDECIDED } from "./aggregation.js";
import type { ByteTable } from "./byte-table.js";
import { NODATA, NONE, ODD, OK, SKIPDATA, UNKNOWN } from "./codes.js";
import { isFurther } from "./further-fields.js";
import { KnownTexts } from "./known-texts.js";
import { ACCOUNTS, ADDRESSES, FURTHER_TEXTS, INTERFACES } from "./line-kernel.js";
import type { RecordIntake } from "./record.js";

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

/** How the texts of a field are numbered. */
export interface TextCoder {
  /** The code of a text, which is `-` where there is no value. */
  code(view: DataView, from: number, to: number): number;
  /** Those whose code was found before. Undefined where all are compared with a few words. */
  readonly known: KnownTexts | undefined;
}

const DASH = 0x2d;

/** How the texts of a field are numbered; undefined for a field of numbers. */
export function textCoderOf(field: string, { aggregation, lines }: RecordIntake): TextCoder | undefined {
  const { accounts, interfaces, addresses, combinations } = aggregation;
  if (isFurther(field)) return coderOf(combinations.values, new KnownTexts(lines, FURTHER_TEXTS), NONE);
  switch (field) {
    case "account-id":
      return coderOf(accounts, new KnownTexts(lines, ACCOUNTS));
    case "interface-id":
    case "tgw-attachment-id":
      return coderOf(interfaces, new KnownTexts(lines, INTERFACES));
    case "srcaddr":
    case "dstaddr":
    case "pkt-srcaddr":
    case "pkt-dstaddr":
      return coderOf(addresses, new KnownTexts(lines, ADDRESSES), NONE);
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

/** @param dash the code of `-`, where it isn't a text of the table as well */
function coderOf(table: ByteTable, known: KnownTexts, dash?: number): TextCoder {
  const code = (view: DataView, from: number, to: number) => {
    if (dash !== undefined && isDash(view, from, to)) return dash;
    const number = table.intern(view, from, to);
    if (number < 0) return ODD;
    known.tell(view, from, to, number);
    return number;
  };
  return { code, known };
}

function isDash(view: DataView, from: number, to: number): boolean {
  return to - from === 1 && view.getUint8(from) === DASH;
}

/** There are so few that they are compared one by one. */
function wordCoder(words: readonly (readonly [word: string, code: number])[]): TextCoder {
  const code = (view: DataView, from: number, to: number) => {
    const isAt = (word: string) => {
      if (to - from !== word.length) return false;
      for (let i = 0; i < word.length; i++) {
        if (view.getUint8(from + i) !== word.charCodeAt(i)) return false;
      }
      return true;
    };
    return words.find(([word]) => isAt(word))?.[1] ?? ODD;
  };
  return { code, known: undefined };
}
