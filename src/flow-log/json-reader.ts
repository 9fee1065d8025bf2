import { CorruptInputError } from "../errors.js";
import { columnsOf, missingFields, recordOf, type Columns } from "./columns.js";
import { JsonError, JsonEvents } from "./json-events.js";
import { formatsOf, type TextFormat } from "./line-layout.js";
import { canBeFlowLog } from "./recognise.js";
import { RecordError, type RecordIntake } from "./record.js";
import { TextReader } from "./text-reader.js";

/** Reads flow logs that are wrapped in JSON, in pieces of any size. */
export class JsonReader {
  readonly #name: string;
  readonly #intake: RecordIntake;
  readonly #format: TextFormat;
  readonly #lines: TextReader;
  readonly #events: JsonEvents;
  /** Fields that any record with addresses has: those that are null are often left out. */
  readonly #seen = new Set<string>();
  #records = 0;
  #messages = 0;
  #controls = 0;
  #names = "";
  #columns: Columns | undefined;

  /** @param name of the file, for messages */
  constructor(name: string, intake: RecordIntake, format: TextFormat) {
    this.#name = name;
    this.#intake = intake;
    this.#format = format;
    this.#lines = new TextReader(name, intake, format, "message");
    const formats = formatsOf(format);
    this.#events = new JsonEvents(
      {
        message: (text) => this.#message(text),
        record: (fields) => this.#record(fields),
        control: () => {
          this.#controls++;
        },
        misplaced: () => {
          throw new CorruptInputError(
            `${name}: expected JSON with records as messages or as objects of their own, got fields of a record inside another object`,
          );
        },
      },
      (text) => canBeFlowLog(text, formats),
    );
  }

  /** @throws CorruptInputError naming file and message */
  push(piece: Uint8Array): void {
    this.#sound(() => this.#events.push(piece));
  }

  /** @throws CorruptInputError when the JSON is cut, or its records lack fields */
  end(): void {
    this.#sound(() => this.#events.end());
    if (this.#messages + this.#records + this.#controls === 0) {
      throw new CorruptInputError(
        `${this.#name}: expected flow log records in JSON, got none: they are read as messages, or as objects whose names are those of the fields`,
      );
    }
    const missing = this.#seen.size === 0 ? [] : missingFields([...this.#seen]);
    if (missing.length === 0) return;
    throw new CorruptInputError(
      `${this.#name}: expected records with ${missing.join(", ")} as well: without them there is no graph`,
    );
  }

  #sound(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const read = this.#messages + this.#records;
      throw new CorruptInputError(
        `${this.#name}: expected complete and undamaged JSON, got a fault after ${read} records: ${error.message}`,
        { cause: error },
      );
    }
  }

  #message(text: string): void {
    this.#messages++;
    this.#lines.push(Buffer.from(text));
    this.#lines.end();
  }

  #record(fields: ReadonlyMap<string, string>): void {
    this.#records++;
    const names = [...fields.keys()];
    const joined = names.join(" ");
    if (this.#columns === undefined || this.#names !== joined) {
      this.#names = joined;
      this.#columns = columnsOf(names, this.#format.addresses);
    }
    const record = recordOf([...fields.values()], this.#columns);
    if (record.source !== "-") for (const name of names) this.#seen.add(name);
    try {
      this.#intake.add(record);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      throw new CorruptInputError(`${this.#name}, record ${this.#records}: ${error.message}`);
    }
  }
}
