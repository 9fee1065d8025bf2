import { CorruptInputError } from "../errors.js";
import { columnsOf, type Columns, recordOf } from "./columns.js";
import { excerpt } from "./excerpt.js";
import { DEFAULT_FORMAT } from "./fields.js";
import { RecordError, type RecordIntake } from "./record.js";

/**
 * What a line of sums has after the fields of a record in AWS's default format:
 *
 * - `flows`: how many records were summed
 * - `first`: the least of their starts, or of their ends where these come first
 * - `active`: bit n of this decimal is set when one ended in the n-th sixtieth of the window
 * - `accepts`, `asks`: 1 where one accepted a connection, or asked for one, by its flags
 * - `rule`: the number of the rule that told which end serves, see `traits.ts`
 * - `without-sums`: how many lack packets or bytes
 * - `fault`: 1 where the line is no sum, but the values of records that can't be
 */
const FACTS = ["flows", "first", "active", "accepts", "asks", "rule", "without-sums", "fault"] as const;

/** The fields of a line of sums: a digest's, the flags OR-ed, what is told of the sum, and the further fields of its log. */
function sumFields(further: readonly string[]): readonly string[] {
  return [...DEFAULT_FORMAT, "tcp-flags", ...FACTS, ...further];
}

/** A line's status where VPCs are chosen, and its records don't tell theirs. */
export const WITHOUT_VPC = "WITHOUT-VPC";
const FACTS_AT = DEFAULT_FORMAT.length + 1;
/** The longest line, in characters. */
const MAX_LINE = 64 * 1024;

/** Reads lines of sums that an engine made of flow logs, in pieces of any size. */
export class SumReader {
  readonly #name: string;
  readonly #intake: RecordIntake;
  readonly #columns: Columns;
  #line = 0;
  #rest = "";

  /**
   * @param name of the file, for messages
   * @param further fields of the log, in the order of the lines
   */
  constructor(name: string, intake: RecordIntake, further: readonly string[]) {
    this.#name = name;
    this.#intake = intake;
    this.#columns = columnsOf(sumFields(further), "interface");
  }

  /** @throws CorruptInputError naming file and line */
  push(piece: Buffer): void {
    const lines = (this.#rest + piece.toString("latin1")).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE) this.#fail(`expected a line of at most ${MAX_LINE} bytes`, this.#rest);
    for (const line of lines) this.#take(line);
  }

  /** Reads a last line that has no newline. */
  end(): void {
    if (this.#rest !== "") this.push(Buffer.from("\n"));
  }

  #take(line: string): void {
    this.#line++;
    const words = line.split(" ");
    const { width } = this.#columns;
    if (words.length !== width) this.#fail(`expected ${width} fields, got ${words.length}`, line);
    const record = recordOf(words, this.#columns);
    const [flows, first = "", active = "", accepts, asks, rule, withoutSums, fault] = words.slice(FACTS_AT);
    try {
      if (fault !== "0") {
        // Whatever is wrong with it, this says so as it does of a record.
        this.#intake.add(record);
        throw new RecordError("the values of a flow log's record", line);
      }
      if (record.status === WITHOUT_VPC) {
        this.#intake.passOverWithoutVpc(whole(flows));
        return;
      }
      this.#intake.addSum(record, {
        flows: whole(flows),
        first,
        active: BigInt(active),
        accepts: accepts === "1",
        asks: asks === "1",
        rule: whole(rule),
        withoutSums: whole(withoutSums),
      });
    } catch (error) {
      if (!(error instanceof RecordError) && !(error instanceof SyntaxError)) throw error;
      this.#fail(error.message, line);
    }
  }

  #fail(reason: string, line: string): never {
    throw new CorruptInputError(`${this.#name}, line ${this.#line}: ${reason}, in ${excerpt(line)}`);
  }
}

function whole(text = ""): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new RecordError("a whole number", text);
  return value;
}
