import type { SchemaElement } from "hyparquet";
import { isFurther } from "../../flow-log/further-fields.js";
import { RecordError } from "../../flow-log/record.js";

/** Makes of a stored value what stands in a record: a whole number, text as bytes, or null for none. */
export type ValueReader = (value: unknown) => number | bigint | Uint8Array | string | null;

const TEXTS = new Set(
  "interface-id tgw-attachment-id action log-status srcaddr dstaddr pkt-srcaddr pkt-dstaddr".split(" "),
);
const SPACE = 0x20;
const TIMES = new Set(["start", "end"]);
const ACCOUNT_DIGITS = 12;
const NANOS = 1_000_000_000n;
const DAY = 86_400n;
/** The Julian day of 1970-01-01, from which INT96 counts. */
const EPOCH_DAY = 2_440_588n;
/** More digits than any decimal has. */
const MAX_SCALE = 76;

/** How a field's values are read from a column of this type; undefined when they can't be. */
export function readerOf(field: string, element: SchemaElement): ValueReader | undefined {
  if (element.repetition_type === "REPEATED") return undefined;
  if (isFurther(field)) return isText(element) ? lenientText : lenient(numberReader(field, element));
  if (isText(element)) return asIs;
  if (TEXTS.has(field)) return undefined;
  if (TIMES.has(field)) {
    const seconds = secondsReader(element);
    if (seconds !== undefined) return seconds;
  }
  const number = numberReader(field, element);
  if (field !== "account-id" || number === undefined) return number;
  // Account ids have leading zeros, numbers don't.
  return (value) => {
    const whole = number(value);
    return whole === null ? null : String(whole).padStart(ACCOUNT_DIGITS, "0");
  };
}

/** A type as people call it. */
export function describeType({
  type,
  converted_type: converted,
  logical_type: logical,
  repetition_type: repetition,
}: SchemaElement): string {
  const number = logical?.type === "INTEGER" || /^U?INT_/.test(converted ?? "");
  const annotated = number ? undefined : (logical?.type ?? converted);
  const name = annotated ?? (type === "INT96" ? "TIMESTAMP" : type) ?? "nothing";
  const text = name.toLowerCase().replaceAll("_", " ");
  return repetition === "REPEATED" ? `a list of ${text}` : `the type ${text}`;
}

export function isText({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  if (type !== "BYTE_ARRAY") return false;
  const kind = logical?.type ?? converted;
  return kind === undefined || ["STRING", "UTF8", "ENUM", "JSON"].includes(kind);
}

/** Numbers that are signed and text. */
export const asIs: ValueReader = (value) => {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw new TypeError(`a value of the type ${typeof value}`);
};

/** Stands for a value that no edge can have, and that can't be a word of a line. It is counted like any of these. */
const ODD = '"';

/** Text of a further field, on which no graph hangs. */
const lenientText: ValueReader = (value) => {
  const text = asIs(value);
  return text instanceof Uint8Array && text.some((byte) => byte <= SPACE) ? ODD : text;
};

/** Numbers of a further field. */
function lenient(read: ValueReader | undefined): ValueReader | undefined {
  if (read === undefined) return undefined;
  return (value) => {
    try {
      return read(value);
    } catch (error) {
      if (error instanceof RecordError) return ODD;
      throw error;
    }
  };
}

/** Timestamps with and without a zone are UTC: flow logs know no other. */
function secondsReader({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): ValueReader | undefined {
  if (type === "INT96") return (value) => (typeof value === "bigint" ? int96Seconds(value) : asIs(value));
  if (type !== "INT64") return undefined;
  const unit = logical?.type === "TIMESTAMP" ? logical.unit : converted?.replace("TIMESTAMP_", "");
  const each = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS }[unit ?? ""];
  if (each === undefined || converted?.startsWith("TIME_") === true) return undefined;
  return (value) => (typeof value === "bigint" ? floorDivided(value, each) : asIs(value));
}

/** In the high 64 bits the day, below them nanoseconds. */
function int96Seconds(value: bigint): bigint {
  return ((value >> 64n) - EPOCH_DAY) * DAY + floorDivided(value & 0xffff_ffff_ffff_ffffn, NANOS);
}

function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

function numberReader(field: string, element: SchemaElement): ValueReader | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") {
    const scale = (logical?.type === "DECIMAL" ? logical.scale : element.scale) ?? 0;
    return scale >= 0 && scale <= MAX_SCALE ? decimalReader(field, BigInt(scale)) : undefined;
  }
  if (type === "FLOAT" || type === "DOUBLE") return (value) => wholeOf(field, value);
  if (type !== "INT32" && type !== "INT64") return undefined;
  const kind =
    logical?.type ?? (converted === undefined || /^U?INT_/.test(converted) ? "INTEGER" : converted);
  // A column of nothing but nulls may say so.
  if (kind !== "INTEGER" && kind !== "NULL") return undefined;
  const unsigned =
    converted?.startsWith("UINT_") === true || (logical?.type === "INTEGER" && !logical.isSigned);
  if (!unsigned) return asIs;
  return (value) => {
    if (typeof value === "bigint") return BigInt.asUintN(64, value);
    return typeof value === "number" ? value >>> 0 : asIs(value);
  };
}

function wholeOf(field: string, value: unknown): number | bigint | null {
  // Of which pandas makes the numbers that are missing.
  if (value === null || Number.isNaN(value)) return null;
  if (typeof value !== "number") throw new TypeError(`a value of the type ${typeof value}`);
  if (!Number.isInteger(value))
    throw new RecordError(`a whole number in the column of ${field}`, String(value));
  return Number.isSafeInteger(value) ? value : BigInt(value);
}

function decimalReader(field: string, scale: bigint): ValueReader {
  const unit = 10n ** scale;
  return (value) => {
    if (value === null) return null;
    const number = unscaled(value);
    if (number % unit === 0n) return number / unit;
    throw new RecordError(`a whole number in the column of ${field}`, `${number}e-${scale}`);
  };
}

function unscaled(value: unknown): bigint {
  if (typeof value === "number" || typeof value === "bigint") return BigInt(value);
  if (!(value instanceof Uint8Array) || value.length === 0) throw new TypeError("a decimal without bytes");
  return BigInt.asIntN(8 * value.length, BigInt(`0x${Buffer.from(value).toString("hex")}`));
}
