import { columnsOf, FIRST_VALUE, type AddressChoice, type Columns } from "./columns.js";

/** How the lines of files without a header are to be read. */
export interface TextFormat {
  /** Of most lines. */
  readonly fields: readonly string[];
  /** Other formats that occur, no two of one number of fields. */
  readonly others?: readonly (readonly string[])[];
  readonly addresses: AddressChoice;
}

/** The formats that lines without a header may be in. */
export function formatsOf({ fields, others = [] }: TextFormat): (readonly string[])[] {
  return [fields, ...others];
}

/** What stands before a record's own fields: a time in exports from CloudWatch, and what `aws logs tail` shows. */
const FRONT = ["timestamp", "log-stream"];

/** How a line is read: its fields, and how many words come before them. */
export class LineLayout {
  readonly fields: readonly string[];
  readonly front: number;
  readonly columns: Columns;

  constructor(fields: readonly string[], front: number, addresses: AddressChoice) {
    this.fields = fields;
    this.front = front;
    this.columns = columnsOf([...FRONT.slice(0, front), ...fields], addresses);
  }

  /** Whether the words of a line stand where this layout has them, as far as their number and the version tell. */
  fits(words: readonly string[]): boolean {
    const { version } = this.columns;
    return (
      this.hasWidthOf(words) &&
      (version < FIRST_VALUE || /^\d{1,3}$/.test(words[version - FIRST_VALUE] ?? ""))
    );
  }

  hasWidthOf(words: readonly string[]): boolean {
    return words.length === this.columns.width;
  }
}

/** How many words of a line may come before its record, the likeliest first. */
export function frontsOf(words: readonly string[]): readonly number[] {
  return isTimestamp(words[0]) ? [1, 2] : [0];
}

/** As CloudWatch and its command line write times: `2024-06-01T12:02:00.000Z`, `2024-06-01T12:02:00.123456+00:00`. */
function isTimestamp(word: string | undefined): boolean {
  return word !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.test(word);
}
