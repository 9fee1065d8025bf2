import { UNDECIDED } from "./aggregation.js";
import { type AddressChoice, columnsOf, FIRST_VALUE } from "./columns.js";
import { NO_VALUES } from "./combinations.js";
import { viewOf } from "./data-view.js";
import { AbsentColumn, codeAt, type FieldColumn, NODATA, NONE, ODD, OK, SKIPDATA } from "./field-column.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import { isOrdered, isTime, type RecordIntake } from "./record.js";

/**
 * Takes records from columns: the fast path of files that have such, which knows the usual record and nothing else. As with
 * that of text, only what the obvious one would take in the same way is taken here, and texts are numbered in the same order.
 */
export class ColumnReader {
  readonly #intake: RecordIntake;
  readonly #version: Float64Array;
  readonly #account: FieldColumn;
  readonly #interface: FieldColumn;
  readonly #source: FieldColumn;
  readonly #sourceFallback: FieldColumn;
  readonly #destination: FieldColumn;
  readonly #destinationFallback: FieldColumn;
  readonly #sourcePort: Float64Array;
  readonly #destinationPort: Float64Array;
  readonly #protocol: Float64Array;
  readonly #packets: Float64Array;
  readonly #bytes: Float64Array;
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  readonly #action: FieldColumn;
  readonly #flags: Float64Array;
  readonly #status: FieldColumn;
  readonly #vpc: FieldColumn | undefined;
  readonly #further: readonly { readonly field: number; readonly column: FieldColumn }[];
  /** Of one record. */
  readonly #words = new Int32Array(FURTHER_FIELDS.length);

  /**
   * @param columns by their fields
   * @param rows of a block, at most
   */
  constructor(
    intake: RecordIntake,
    addresses: AddressChoice,
    columns: ReadonlyMap<string, FieldColumn>,
    rows: number,
  ) {
    this.#intake = intake;
    const format = columnsOf([...columns.keys()], addresses);
    const all = [...columns.values()];
    const numbers = (value: number, absent = NONE) =>
      all[value - FIRST_VALUE]?.block ?? new Float64Array(rows).fill(absent);
    const texts = (value: number, absent: () => number): FieldColumn =>
      all[value - FIRST_VALUE] ?? new AbsentColumn(rows, absent);
    const { accounts, interfaces } = intake.aggregation;
    const dash = viewOf(Buffer.from("-"));
    this.#version = numbers(format.version, 2);
    this.#account = texts(format.account, () => accounts.intern(dash, 0, 1));
    this.#interface = texts(format.interface, () => interfaces.intern(dash, 0, 1));
    this.#source = texts(format.source, () => NONE);
    this.#sourceFallback = texts(format.sourceFallback, () => NONE);
    this.#destination = texts(format.destination, () => NONE);
    this.#destinationFallback = texts(format.destinationFallback, () => NONE);
    this.#sourcePort = numbers(format.sourcePort);
    this.#destinationPort = numbers(format.destinationPort);
    this.#protocol = numbers(format.protocol);
    this.#packets = numbers(format.packets);
    this.#bytes = numbers(format.bytes);
    this.#start = numbers(format.start);
    this.#end = numbers(format.end);
    this.#action = texts(format.action, () => UNDECIDED);
    this.#flags = numbers(format.tcpFlags);
    this.#status = texts(format.status, () => OK);
    this.#vpc = columns.get("vpc-id");
    this.#further = (format.further ?? []).map(({ field, value }) => ({
      field,
      column: texts(value, () => NONE),
    }));
  }

  /** True when it took the record of this row of the block. */
  take(row: number): boolean {
    const intake = this.#intake;
    const { aggregation, counts } = intake;
    if (intake.vpcs !== undefined && this.#vpc !== undefined) {
      const vpc = codeAt(this.#vpc, row);
      // Of what has none, the obvious path decides.
      if (vpc === NONE) return false;
      if (!intake.vpcs.has(vpc)) {
        intake.leaveOut();
        return true;
      }
    }
    const version = this.#version[row] ?? ODD;
    const end = this.#end[row] ?? ODD;
    if (version < 0 || version > 999 || !isTime(end)) return false;
    if (end < intake.start || end >= intake.stop) {
      counts.records++;
      counts.outsideWindow++;
      return true;
    }
    if (intake.accounts !== undefined) {
      const owner = codeAt(this.#account, row);
      if (owner >= 0 && !intake.selects(owner)) {
        intake.leaveOut();
        return true;
      }
    }
    if (intake.vpcs !== undefined && this.#vpc === undefined) return false;
    const status = codeAt(this.#status, row);
    if (status === NODATA || status === SKIPDATA) {
      counts.records++;
      if (status === NODATA) counts.nodata++;
      else counts.skipdata++;
      return true;
    }
    if (status !== OK) return false;

    const action = codeAt(this.#action, row);
    const sourcePort = this.#sourcePort[row] ?? ODD;
    const destinationPort = this.#destinationPort[row] ?? ODD;
    const protocol = this.#protocol[row] ?? ODD;
    const packets = this.#packets[row] ?? ODD;
    const bytes = this.#bytes[row] ?? ODD;
    const flags = this.#flags[row] ?? ODD;
    const start = this.#start[row] ?? ODD;
    if (action < 0 || sourcePort < 0 || destinationPort < 0 || protocol < 0 || packets < 0) return false;
    if (bytes < packets || !isTime(start) || !isOrdered(start, end)) return false;
    if (sourcePort > 65_535 || destinationPort > 65_535 || protocol > 255 || flags > 255 || flags === ODD)
      return false;

    let source = codeAt(this.#source, row);
    if (source === NONE) source = codeAt(this.#sourceFallback, row);
    let destination = codeAt(this.#destination, row);
    if (destination === NONE) destination = codeAt(this.#destinationFallback, row);
    if (source < 0 || destination < 0) return false;

    const account = codeAt(this.#account, row);
    const networkInterface = codeAt(this.#interface, row);
    if (account < 0 || networkInterface < 0) return false;

    const combination = this.#further.length === 0 ? NO_VALUES : this.#combination(row);
    if (combination < 0) return false;

    counts.records++;
    aggregation.add(
      account,
      networkInterface,
      source,
      destination,
      sourcePort,
      destinationPort,
      protocol,
      action,
      flags,
      packets,
      bytes,
      0,
      0,
      start,
      end,
      combination,
    );
    return true;
  }

  /** The number of the combination of a row's values; the obvious path decides on odd ones, for which it is -1. */
  #combination(row: number): number {
    const { combinations } = this.#intake.aggregation;
    for (const { field, column } of this.#further) {
      const code = codeAt(column, row);
      if (code === ODD) return -1;
      this.#words[field] = code + 1;
      combinations.fields |= 1 << field;
    }
    return combinations.intern(this.#words);
  }
}
