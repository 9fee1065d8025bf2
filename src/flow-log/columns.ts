import { fieldName, isHeader } from "./fields.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import type { FlowRecord } from "./record.js";

/**
 * What stands for a field that a format lacks. A line's values are numbered from `FIRST_VALUE`; these come before
 * them, so that present and absent fields are read alike.
 */
export const ABSENT_VALUES = ["-", "OK", "2"] as const;
const [NONE, OK, VERSION_2] = [0, 1, 2];
/** One more than there are absent values: where a value ends is told by where the next begins. */
export const FIRST_VALUE = 4;

/** Which addresses name the ends of a flow: those of the interface, or the packet's own, behind NAT and pods. */
export type AddressChoice = "interface" | "packet";

/** Where in a line the fields of a digest stand: numbers of values, counted from `FIRST_VALUE`. */
export interface Columns {
  /** Values a line has. */
  readonly width: number;
  readonly version: number;
  readonly account: number;
  /** Of Transit Gateway logs, which have no interfaces, the attachment. */
  readonly interface: number;
  readonly source: number;
  /** Taken where `source` is `-`. */
  readonly sourceFallback: number;
  readonly destination: number;
  readonly destinationFallback: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  readonly action: number;
  readonly tcpFlags: number;
  readonly status: number;
  readonly vpc: number;
  /** Undefined where the format has none of them. */
  readonly further: readonly FurtherPlace[] | undefined;
}

/** Where a further field stands. */
interface FurtherPlace {
  /** Its number. */
  readonly field: number;
  readonly value: number;
}

const REQUIRED = ["srcport", "dstport", "protocol", "packets", "bytes", "start", "end"];

const OPTIONAL = "version account-id interface-id tgw-attachment-id action tcp-flags log-status".split(" ");
const ADDRESSES = ["srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"];
/** The fields that can have a part in a graph. */
export const RELEVANT: readonly string[] = [...REQUIRED, ...OPTIONAL, ...ADDRESSES, ...FURTHER_FIELDS];

const BY_SPELLING = new Map(RELEVANT.map((field) => [plain(field), field]));

/** The field of `RELEVANT` that a name stands for in any spelling: account_id, accountId, ACCOUNT-ID. */
export function relevantField(name: string): string | undefined {
  return BY_SPELLING.get(plain(name));
}

/** A name without what differs in case, hyphens and underscores, depending on what wrote a table. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** The fields without which a format gives no graph, of those that it lacks. */
export function missingFields(format: readonly string[]): string[] {
  const missing = REQUIRED.filter((field) => !format.includes(field));
  for (const field of ["srcaddr", "dstaddr"]) {
    if (!format.includes(field) && !format.includes(`pkt-${field}`)) missing.push(`${field} or pkt-${field}`);
  }
  return missing;
}

/** @param format names of fields in the order of a line, none of `missingFields` */
export function columnsOf(format: readonly string[], addresses: AddressChoice): Columns {
  const find = (names: string[], absent = NONE): number => {
    const name = names.find((candidate) => format.includes(candidate));
    return name === undefined ? absent : FIRST_VALUE + format.indexOf(name);
  };
  const ends = (field: string): [number, number] => {
    const [first, second] = addresses === "packet" ? [`pkt-${field}`, field] : [field, `pkt-${field}`];
    // Where a record has no interface address there is nothing to fall back to: its packet's may be somebody else's.
    return [find([first, second]), addresses === "packet" ? find([second]) : NONE];
  };
  const [source, sourceFallback] = ends("srcaddr");
  const [destination, destinationFallback] = ends("dstaddr");
  const further = FURTHER_FIELDS.flatMap((name, field) =>
    format.includes(name) ? [{ field, value: find([name]) }] : [],
  );
  return {
    width: format.length,
    version: find(["version"], VERSION_2),
    account: find(["account-id"]),
    interface: find(["interface-id", "tgw-attachment-id"]),
    source,
    sourceFallback,
    destination,
    destinationFallback,
    sourcePort: find(["srcport"]),
    destinationPort: find(["dstport"]),
    protocol: find(["protocol"]),
    packets: find(["packets"]),
    bytes: find(["bytes"]),
    start: find(["start"]),
    end: find(["end"]),
    action: find(["action"]),
    tcpFlags: find(["tcp-flags"]),
    status: find(["log-status"], OK),
    vpc: find(["vpc-id"]),
    further: further.length > 0 ? further : undefined,
  };
}

/** The fields of a format that a graph is made of. Of two addresses of an end it may be one. */
export function neededFields(format: readonly string[], addresses: AddressChoice): ReadonlySet<string> {
  const { width: _, further = [], ...places } = columnsOf(format, addresses);
  const needed = [...Object.values(places), ...further.map(({ value }) => value)];
  return new Set(needed.flatMap((value) => format[value - FIRST_VALUE] ?? []));
}

/** The record whose values are these, in the order of the format. */
export function recordOf(values: readonly string[], columns: Columns): FlowRecord {
  const at = (value: number, fallback = NONE): string => {
    const text = value < FIRST_VALUE ? ABSENT_VALUES[value] : values[value - FIRST_VALUE];
    if (text !== undefined && text !== "-") return text;
    return fallback === NONE ? "-" : at(fallback);
  };
  return {
    version: at(columns.version),
    account: at(columns.account),
    interface: at(columns.interface),
    source: at(columns.source, columns.sourceFallback),
    destination: at(columns.destination, columns.destinationFallback),
    sourcePort: at(columns.sourcePort),
    destinationPort: at(columns.destinationPort),
    protocol: at(columns.protocol),
    packets: at(columns.packets),
    bytes: at(columns.bytes),
    start: at(columns.start),
    end: at(columns.end),
    action: at(columns.action),
    tcpFlags: at(columns.tcpFlags),
    status: at(columns.status),
    further: columns.further?.map(({ field, value }) => ({ field, text: at(value) })),
  };
}

/**
 * The names of formats in AWS's own notation, `${version} ${account-id} …`, with commas or semicolons between formats.
 * Undefined for anything else.
 *
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-custom
 */
export function parseFormats(text: string): string[][] | undefined {
  const formats = text.split(/[,;]/).map((format) => {
    const words = format.trim().split(/\s+/);
    return words.map((word) => /^\$\{([a-z0-9_-]+)\}$/.exec(word)?.[1] ?? "");
  });
  return formats.every(isHeader) ? formats.map((names) => names.map(fieldName)) : undefined;
}
