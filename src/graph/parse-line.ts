import { CorruptInputError } from "../errors.js";
import { isAddress } from "../flow-log/address.js";
import { excerpt } from "../flow-log/excerpt.js";
import { MAX_SUM } from "../flow-log/sum-row.js";

/** The longest line, without its line ending. */
export const MAX_LINE_BYTES = 65_536;

const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
/** Of a line that is too long, more than an excerpt shows. */
const START_BYTES = 1024;

interface FieldRule {
  readonly name: string;
  readonly expected: string;
  readonly test: (text: string) => boolean;
}

/** The fields of a digest line, in order. */
const FIELDS: readonly FieldRule[] = [
  { name: "version", expected: "2", test: (text) => text === "2" },
  token("account-id"),
  token("interface-id"),
  address("srcaddr"),
  address("dstaddr"),
  number("srcport", "65535"),
  number("dstport", "65535"),
  number("protocol", "255"),
  number("packets", String(MAX_SUM)),
  number("bytes", String(MAX_SUM)),
  number("start", "9223372036854775807"),
  number("end", "9223372036854775807"),
  { name: "action", expected: "ACCEPT, REJECT or -", test: (text) => /^(?:ACCEPT|REJECT|-)$/i.test(text) },
  {
    name: "log-status",
    expected: "OK, NODATA or SKIPDATA",
    test: (text) => /^(?:OK|NODATA|SKIPDATA)$/i.test(text),
  },
];

function token(name: string): FieldRule {
  return {
    name,
    expected: "1 to 256 printable ASCII characters without space or double quote",
    test: (text) => /^[!#-~]{1,256}$/.test(text),
  };
}

function address(name: string): FieldRule {
  return { name, expected: "an IPv4 or IPv6 address", test: isAddress };
}

function number(name: string, max: string): FieldRule {
  return {
    name,
    expected: `a whole number from 0 to ${max}, without leading zeros`,
    // Texts of equal length compare as their numbers do.
    test: (text) =>
      /^(?:0|[1-9]\d*)$/.test(text) &&
      (text.length < max.length || (text.length === max.length && text <= max)),
  };
}

export interface EdgeLine {
  readonly kind: "edge";
  /** Those from the account to the action, a space between them, as they stand between quotes in DOT. */
  readonly fields: string;
  readonly rejected: boolean;
}

/** A line of a digest: an edge, or what it is instead. */
export type Line = EdgeLine | { readonly kind: "header" | "nodata" | "skipdata" };

/**
 * The slow path, and the one that decides what is an error.
 *
 * @param bytes without the line feed
 * @param number counted from 1, for the message
 * @throws CorruptInputError saying what was expected, and what was there
 */
export function parseLine(bytes: Buffer, number: number): Line {
  if (bytes.length > MAX_LINE_BYTES + 1) throw tooLong(bytes, number);
  // Latin 1 makes one character of each byte, whatever it is.
  const text = bytes.toString("latin1").replace(/\r$/, "");
  if (text.length > MAX_LINE_BYTES) throw tooLong(bytes, number);
  const line = withoutTrailingSpaces(text);
  if (line === HEADER) return { kind: "header" };

  const fields = line.split(" ");
  if (fields.length !== FIELDS.length) {
    throw malformed(
      number,
      `${FIELDS.length} fields separated by single spaces`,
      `${line === "" ? 0 : fields.length}: ${excerpt(line)}`,
    );
  }
  const status = fields.at(-1)?.toUpperCase();
  const isEdge = status !== "NODATA" && status !== "SKIPDATA";
  for (const [index, { name, expected, test }] of FIELDS.entries()) {
    const field = fields[index] ?? "";
    if (test(field)) continue;
    // Where there were no records, there is nothing to report.
    if (!isEdge && field === "-" && name !== "version") continue;
    throw malformed(number, `${name} to be ${expected}`, excerpt(field));
  }
  if (isEdge) {
    // A backslash before the closing quote would escape it, and in a label it begins an escape sequence.
    const escaped = fields.slice(1, -1).join(" ").replaceAll("\\", "\\\\");
    return { kind: "edge", fields: escaped, rejected: /reject$/i.test(escaped) };
  }
  return { kind: status === "NODATA" ? "nodata" : "skipdata" };
}

export function tooLong(bytes: Uint8Array, number: number): CorruptInputError {
  const start = Buffer.from(bytes.subarray(0, START_BYTES)).toString("latin1");
  return malformed(number, `a line of at most ${MAX_LINE_BYTES} bytes`, `a longer one: ${excerpt(start)}`);
}

function malformed(number: number, expected: string, got: string): CorruptInputError {
  return new CorruptInputError(`line ${number} of the digest: expected ${expected}, got ${got}`);
}

/** A loop, because a regular expression takes quadratic time on many spaces that aren't at the end. */
function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end--;
  return text.slice(0, end);
}
