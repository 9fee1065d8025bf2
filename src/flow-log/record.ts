import { ACCEPTED, Aggregation, REJECTED, UNDECIDED } from "./aggregation.js";
import type { ByteTable } from "./byte-table.js";
import { NO_VALUES } from "./combinations.js";
import { excerpt } from "./excerpt.js";
import type { LineKernel } from "./line-kernel.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import { checkedFlows, MAX_SUM, SUM_UNIT } from "./sum-row.js";
import { type SummedTraits, traitsOfSum } from "./traits.js";
import { viewOf } from "./data-view.js";

/** What a digest needs of a record, each value as text, `-` where it is absent. */
export interface FlowRecord {
  version: string;
  account: string;
  interface: string;
  source: string;
  destination: string;
  sourcePort: string;
  destinationPort: string;
  protocol: string;
  packets: string;
  bytes: string;
  start: string;
  end: string;
  action: string;
  tcpFlags: string;
  status: string;
  /** Of the further fields that its log has. */
  further: readonly { readonly field: number; readonly text: string }[] | undefined;
}

/** What records that were summed elsewhere say besides the values of a record. */
export interface SumFacts extends Omit<SummedTraits, "flags"> {
  /** How many records. */
  readonly flows: number;
  /** How many of them lack packets or bytes, which count 0. */
  readonly withoutSums: number;
  /** The least of the starts, or of the ends where these come first. */
  readonly first: string;
  /** Bit n is set when a record ended in the n-th sixtieth of the window. */
  readonly active: bigint;
}

/** A record that can't be one. The message says what was expected and what was there, but not where. */
export class RecordError extends Error {
  override name = "RecordError";

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${excerpt(got)}`);
  }
}

/** The log of a record has no vpc-id, by which records are chosen. */
export class MissingVpcError extends Error {
  override name = "MissingVpcError";
}

/** What became of the records. Each is in the digest, or in one of the counts after the first. */
class RecordCounts {
  records = 0;
  /** The interface had no traffic. */
  nodata = 0;
  /** AWS lost records to capacity: one line may hide many flows, so the digest is incomplete. */
  skipdata = 0;
  noAddress = 0;
  outsideWindow = 0;
  /** Of other accounts than those asked for, in files that don't tell whose they are, or of other VPCs. */
  recordsNotSelected = 0;
  /** Records in the digest whose packets or bytes are `-` and count 0. */
  withoutSums = 0;
  /** Values of further fields that no edge can have, and that count as none. */
  oddValues = 0;
}

const VPC_ID = FURTHER_FIELDS.indexOf("vpc-id");
const MAX_VERSION = 999;
/** Seconds since 1970, from 2001 to 5138: what is less or more isn't a time of a flow, or not in seconds. */
export const MIN_TIME = 1_000_000_000;
export const MAX_TIME = 99_999_999_999;
/** AWS writes starts after their ends by up to a minute at times. Far beyond that, fields are in another order. */
export const MAX_BACKWARDS = 3600;

/**
 * Takes records into a digest: the obvious path, which alone decides what is an error. The fast path in
 * `text-reader.ts` may take a record only when this would do the same.
 */
export class RecordIntake {
  readonly aggregation: Aggregation;
  readonly counts = new RecordCounts();
  /** Seconds since 1970. A record belongs to the window that its end is in, so that none belongs to two. */
  readonly start: number;
  readonly stop: number;
  /** The accounts whose records are taken; undefined: all. For one file after the other, as far as these don't tell. */
  accounts: ReadonlySet<string> | undefined;
  /** The VPCs whose records are taken, by the numbers of their ids; undefined: all. */
  readonly vpcs: ReadonlySet<number> | undefined;
  /** Records with addresses and without a VPC's id, where VPCs are chosen by somebody who told so. */
  withoutVpc = 0;
  readonly #scratch = Buffer.alloc(1024);
  readonly #view = viewOf(this.#scratch);
  readonly #further = new Int32Array(FURTHER_FIELDS.length);

  /** @param vpcs those whose records are taken; undefined: all */
  constructor(window: { readonly startDate: Date; readonly stopDate: Date }, vpcs?: ReadonlySet<string>) {
    this.start = window.startDate.getTime() / 1000;
    this.stop = window.stopDate.getTime() / 1000;
    this.aggregation = new Aggregation(this.start, this.stop);
    const { values } = this.aggregation.combinations;
    this.vpcs = vpcs && new Set([...vpcs].map((vpc) => this.#intern(values, "vpc-id", vpc)));
  }

  /** What reads usual lines, for one reader at a time. */
  get lines(): LineKernel {
    return this.aggregation.kernel.lines;
  }

  /** To be called when nobody reads the sums any more. */
  close(): void {
    this.aggregation.kernel.giveBack();
  }

  /** Takes note of the records that the kernel has added. */
  noteLines(): void {
    const { counts, aggregation, lines } = this;
    const { records, outsideWindow, notSelected, nodata, skipdata } = lines;
    counts.records += records + outsideWindow + notSelected + nodata + skipdata;
    counts.outsideWindow += outsideWindow;
    counts.recordsNotSelected += notSelected;
    counts.nodata += nodata;
    counts.skipdata += skipdata;
    if (lines.records > 0) aggregation.note(lines);
  }

  /** Records in the digest. */
  get taken(): number {
    const { records, nodata, skipdata, noAddress, outsideWindow, recordsNotSelected } = this.counts;
    return records - nodata - skipdata - noAddress - outsideWindow - recordsNotSelected;
  }

  /** Whether records of the account with this number are taken. */
  selects(account: number): boolean {
    if (this.accounts === undefined) return true;
    const length = this.aggregation.accounts.copy(account, this.#view, 0);
    return this.accounts.has(this.#scratch.toString("latin1", 0, length));
  }

  /** Whether a record of this VPC may be taken, whatever else it says. */
  mayBeOf(vpc: string): boolean {
    if (this.vpcs === undefined || vpc === "-" || vpc === "") return true;
    return this.vpcs.has(this.#numberOf(this.aggregation.combinations.values, vpc));
  }

  /** Counts a record that isn't of what was asked for. */
  leaveOut(): void {
    this.counts.records++;
    this.counts.recordsNotSelected++;
  }

  /** @throws RecordError, MissingVpcError */
  add(record: FlowRecord): void {
    this.#add(record, undefined);
  }

  /**
   * Takes records of one key that were summed, and chosen, elsewhere: packets and bytes are their sums, the start is their
   * least, the end their greatest, the flags are OR-ed.
   *
   * @throws RecordError, CorruptInputError
   */
  addSum(record: FlowRecord, sum: SumFacts): void {
    this.#add(record, sum);
  }

  /** Counts records of which it can't be told whether they are of the VPCs that are taken. */
  passOverWithoutVpc(records: number): void {
    this.counts.records += records;
    this.counts.recordsNotSelected += records;
    this.withoutVpc += records;
  }

  #add(record: FlowRecord, sum: SumFacts | undefined): void {
    const flows = sum?.flows ?? 1;
    this.counts.records += flows;
    whole("version", record.version, MAX_VERSION);
    const status = record.status === "-" ? "OK" : record.status;
    const untimed = record.end === "-" && (isEmpty(status) || lacksAddress(record));
    const end = untimed ? this.start : time("end", record.end);
    if (end < this.start || end >= this.stop) {
      this.counts.outsideWindow += flows;
      return;
    }
    if (sum === undefined && this.accounts?.has(record.account) === false) {
      this.counts.recordsNotSelected++;
      return;
    }
    if (sum === undefined && !this.#isOfVpcs(record, status)) {
      this.counts.recordsNotSelected++;
      return;
    }
    if (status === "NODATA") {
      this.counts.nodata += flows;
      return;
    }
    if (status === "SKIPDATA") {
      this.counts.skipdata += flows;
      return;
    }
    if (!/^ok$/i.test(status)) throw new RecordError("log-status OK, NODATA or SKIPDATA", status);
    if (lacksAddress(record)) {
      this.counts.noAddress += flows;
      return;
    }
    const action = ACTIONS.get(record.action.toUpperCase());
    if (action === undefined) throw new RecordError("action ACCEPT, REJECT or -", record.action);
    const withoutSums = sum?.withoutSums ?? Number(record.packets === "-" || record.bytes === "-");
    this.counts.withoutSums += withoutSums;
    const { accounts, interfaces, addresses } = this.aggregation;
    const packets = count("packets", record.packets);
    const bytes = count("bytes", record.bytes);
    if (withoutSums === 0 && bytes.value < packets.value) {
      throw new RecordError(
        "no fewer bytes than packets",
        `${record.bytes} bytes in ${record.packets} packets`,
      );
    }
    const start = record.start === "-" ? end : time("start", record.start);
    if (!isOrdered(start, end)) throw new RecordError("a start before the end", `${start} and ${end}`);
    const account = this.#intern(accounts, "account-id, up to 256 printable characters", record.account);
    const networkInterface = this.#intern(
      interfaces,
      "interface-id, up to 256 printable characters",
      record.interface,
    );
    const source = this.#intern(addresses, "srcaddr, an IPv4 or IPv6 address", record.source);
    const destination = this.#intern(addresses, "dstaddr, an IPv4 or IPv6 address", record.destination);
    const sourcePort = wholeOrNone("srcport", record.sourcePort, 65_535);
    const destinationPort = wholeOrNone("dstport", record.destinationPort, 65_535);
    const protocol = wholeOrNone("protocol", record.protocol, 255);
    const flags = record.tcpFlags === "-" ? -1 : whole("tcp-flags", record.tcpFlags, 255);
    const combination = record.further === undefined ? NO_VALUES : this.#combination(record.further);
    if (sum !== undefined) {
      this.aggregation.addSum({
        account,
        networkInterface,
        source,
        destination,
        sourcePort,
        destinationPort,
        protocol,
        action,
        traits: traitsOfSum({ ...sum, flags }),
        flows: checkedFlows(flows),
        packets,
        bytes,
        start,
        first: time("first", sum.first),
        end,
        active: sum.active,
        combination,
      });
      return;
    }
    this.aggregation.add(
      account,
      networkInterface,
      source,
      destination,
      sourcePort,
      destinationPort,
      protocol,
      action,
      flags,
      packets.rest,
      bytes.rest,
      packets.units,
      bytes.units,
      start,
      end,
      combination,
    );
  }

  #isOfVpcs(record: FlowRecord, status: string): boolean {
    if (this.vpcs === undefined) return true;
    const { text } = record.further?.find(({ field }) => field === VPC_ID) ?? {};
    // JSON leaves out what is null, and nothing of the graph hangs on where there is no address.
    if (text === undefined && !lacksAddress(record)) throw new MissingVpcError();
    // What AWS lost it may have lost of any VPC.
    if (text === undefined || text === "-") return status === "SKIPDATA";
    return this.mayBeOf(text);
  }

  /** The number of a combination of values. One that no edge can have is no reason to do without the graph. */
  #combination(further: NonNullable<FlowRecord["further"]>): number {
    const { combinations } = this.aggregation;
    this.#further.fill(0);
    for (const { field, text } of further) {
      combinations.fields |= 1 << field;
      if (text === "-") continue;
      const number = this.#numberOf(combinations.values, text);
      if (number < 0) this.counts.oddValues++;
      this.#further[field] = number + 1;
    }
    return combinations.intern(this.#further);
  }

  #intern(table: ByteTable, expected: string, text: string): number {
    const number = this.#numberOf(table, text);
    if (number < 0) throw new RecordError(expected, text);
    return number;
  }

  /** -1 when the table can't have it. */
  #numberOf(table: ByteTable, text: string): number {
    if (text.length > this.#scratch.length || !/^[!-~]+$/.test(text)) return -1;
    return table.intern(this.#view, 0, this.#scratch.write(text, "latin1"));
  }
}

/** Whether a number can be a time in seconds since 1970. */
export function isTime(value: number): boolean {
  return value >= MIN_TIME && value <= MAX_TIME;
}

/** Whether a record can have this start and this end. */
export function isOrdered(start: number, end: number): boolean {
  return start - end <= MAX_BACKWARDS;
}

/** NODATA and SKIPDATA, which may lack all other values, their times included. */
const ACTIONS = new Map([
  ["ACCEPT", ACCEPTED],
  ["REJECT", REJECTED],
  ["-", UNDECIDED],
]);

function isEmpty(status: string): boolean {
  return status === "NODATA" || status === "SKIPDATA";
}

/** Without both there is no edge. */
function lacksAddress({ source, destination }: FlowRecord): boolean {
  return source === "-" || destination === "-";
}

function time(name: string, text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (isTime(value)) return value;
  const unit = UNITS.get(/^1\d+$/.test(text) ? text.length : 0);
  if (unit === undefined) throw new RecordError(`${name}, a Unix time in seconds`, text);
  throw new RecordError(`${name}, a Unix time in seconds, and not in ${unit}`, text);
}

/** What the times of our days are written in, by their number of digits. */
const UNITS: ReadonlyMap<number, string> = new Map([
  [13, "milliseconds"],
  [16, "microseconds"],
  [19, "nanoseconds"],
]);

function whole(name: string, text: string, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (value <= max) return value;
  throw new RecordError(`${name} from 0 to ${max}`, text);
}

function wholeOrNone(name: string, text: string, max: number): number {
  return text === "-" ? 0 : whole(name, text, max);
}

interface Count {
  readonly value: bigint;
  readonly rest: number;
  readonly units: number;
}

function count(name: string, text: string): Count {
  if (text === "-") return { value: 0n, rest: 0, units: 0 };
  // A digest's sums may be larger than what a flow log counts.
  const value = /^\d{1,32}$/.test(text) ? BigInt(text) : MAX_SUM + 1n;
  if (value > MAX_SUM) throw new RecordError(`${name} from 0 to 2^105-1`, text);
  const unit = BigInt(SUM_UNIT);
  return { value, rest: Number(value % unit), units: Number(value / unit) };
}
