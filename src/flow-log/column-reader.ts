import { UNDECIDED } from "./aggregation.js";
import { type AddressChoice, columnsOf, FIRST_VALUE } from "./columns.js";
import { NO_VALUES } from "./combinations.js";
import { viewOf } from "./data-view.js";
import type { ColumnKernel } from "./column-kernel.js";
import { NODATA, NONE, ODD, OK, SKIPDATA, UNKNOWN } from "./codes.js";
import { codeAt, type FieldColumn } from "./field-column.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import { isOrdered, isTime, type RecordIntake } from "./record.js";

/**
 * Takes records from columns: the fast path of files that have such, which knows the usual record and nothing else. As with
 * that of text, only what the obvious one would take in the same way is taken here, and texts are numbered in the same order.
 */
export class ColumnReader {
  readonly #intake: RecordIntake;
  readonly #kernel: ColumnKernel;
  /** By their numbers. */
  readonly #columns: readonly FieldColumn[];
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
   * @param columns by their fields, with blocks of the kernel in the same order
   * @param kernel nobody else uses it meanwhile
   */
  constructor(
    intake: RecordIntake,
    addresses: AddressChoice,
    columns: ReadonlyMap<string, FieldColumn>,
    kernel: ColumnKernel,
  ) {
    this.#intake = intake;
    this.#kernel = kernel;
    const format = columnsOf([...columns.keys()], addresses);
    const all = [...columns.values()];
    this.#columns = all;
    /** Where a field isn't there, each row has this code. */
    const absent = (code: number, look: () => number = () => code): FieldColumn => {
      const block = kernel.blocks[all.length];
      if (block === undefined) throw new RangeError("more columns than there are fields");
      const column = { block: block.fill(code), look: () => look() };
      all.push(column);
      return column;
    };
    const { accounts, interfaces } = intake.aggregation;
    const dash = viewOf(Buffer.from("-"));
    const roles: FieldColumn[] = [];
    const role = (value: number, absentCode = NONE, look?: () => number): FieldColumn => {
      const column = all[value - FIRST_VALUE] ?? absent(absentCode, look);
      roles.push(column);
      return column;
    };
    // In the order that the kernel has them.
    this.#version = role(format.version, 2).block;
    this.#account = role(format.account, UNKNOWN, () => accounts.intern(dash, 0, 1));
    this.#interface = role(format.interface, UNKNOWN, () => interfaces.intern(dash, 0, 1));
    this.#source = role(format.source);
    this.#sourceFallback = role(format.sourceFallback);
    this.#destination = role(format.destination);
    this.#destinationFallback = role(format.destinationFallback);
    this.#sourcePort = role(format.sourcePort).block;
    this.#destinationPort = role(format.destinationPort).block;
    this.#protocol = role(format.protocol).block;
    this.#packets = role(format.packets).block;
    this.#bytes = role(format.bytes).block;
    this.#start = role(format.start).block;
    this.#end = role(format.end).block;
    this.#action = role(format.action, UNDECIDED);
    this.#flags = role(format.tcpFlags).block;
    this.#status = role(format.status, OK);
    this.#vpc = columns.get("vpc-id");
    const usual = roles.map((column) => all.indexOf(column));
    this.#further = (format.further ?? []).map(({ field, value }) => ({ field, column: role(value) }));
    const further = this.#further.map(({ field, column }) => ({ field, column: all.indexOf(column) }));
    kernel.begin(intake, { usual, further });
  }

  /**
   * Takes the records of a block.
   *
   * @param other takes those that aren't usual, one by one, in the order of the rows
   */
  takeAll(rows: number, other: (row: number) => void): void {
    // What is chosen of a file, by account or VPC, the kernel doesn't know.
    if (this.#intake.accounts !== undefined || this.#intake.vpcs !== undefined) {
      for (let row = 0; row < rows; row++) if (!this.take(row)) other(row);
      return;
    }
    const kernel = this.#kernel;
    for (let row = kernel.take(0, rows); row < rows; row = kernel.take(row, rows)) {
      const column = this.#columns[kernel.unknownColumn];
      if (column !== undefined) {
        column.block[row] = column.look(row);
      } else {
        this.#addRows();
        other(row++);
      }
    }
    this.#addRows();
  }

  #addRows(): void {
    const kernel = this.#kernel;
    const { counts, aggregation } = this.#intake;
    const { rows, outsideWindow, nodata, skipdata } = kernel;
    counts.records += rows + outsideWindow + nodata + skipdata;
    counts.outsideWindow += outsideWindow;
    counts.nodata += nodata;
    counts.skipdata += skipdata;
    if (rows > 0) aggregation.addRows(kernel, kernel.takeLeastStart());
    kernel.clear();
  }

  /** What `takeAll` does of a usual record, and of what is chosen: true when it took the record of this row of the block. */
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
    if (source < 0) return false;
    let destination = codeAt(this.#destination, row);
    if (destination === NONE) destination = codeAt(this.#destinationFallback, row);
    if (destination < 0) return false;

    const account = codeAt(this.#account, row);
    if (account < 0) return false;
    const networkInterface = codeAt(this.#interface, row);
    if (networkInterface < 0) return false;
    // One that was met before isn't looked up in its table.
    aggregation.interfaces.noted?.add(networkInterface);

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
