/** What the first bytes of a file say it is, never its name. */
export type Form = "empty" | "gzip" | "zstd" | "parquet" | "utf-16" | "json" | "text" | ClosedForm;

/** Forms that can't be looked into here. */
type ClosedForm =
  "bzip2" | "xz" | "lz4" | "lzip" | "lzop" | "compress" | "snappy" | "zip" | "7z" | "rar" | "tar";
const CLOSED: ReadonlySet<string> = new Set([
  "bzip2",
  "xz",
  "lz4",
  "lzip",
  "lzop",
  "compress",
  "snappy",
  "zip",
  "7z",
  "rar",
  "tar",
] satisfies ClosedForm[]);

const MAGIC: readonly (readonly [Form, string])[] = [
  ["gzip", "\x1f\x8b"],
  ["zstd", "\x28\xb5\x2f\xfd"],
  ["parquet", "PAR1"],
  ["bzip2", "BZh"],
  ["xz", "\xfd7zXZ\0"],
  ["lz4", "\x04\x22\x4d\x18"],
  ["lzip", "LZIP"],
  ["lzop", "\x89LZO\0\r\n\x1a\n"],
  ["compress", "\x1f\x9d"],
  ["snappy", "\xff\x06\0\0sNaPpY"],
  ["rar", "Rar!\x1a\x07"],
  ["zip", "PK\x03\x04"],
  ["7z", "7z\xbc\xaf\x27\x1c"],
  ["utf-16", "\xff\xfe"],
  ["utf-16", "\xfe\xff"],
];
const TAR_MAGIC_AT = 257;
/** Enough of a file to tell its form. */
export const FORM_BYTES = 512;

export function formOf(head: Buffer): Form {
  if (head.length === 0) return "empty";
  const start = head.toString("latin1", 0, FORM_BYTES);
  const [form] = MAGIC.find(([, magic]) => start.startsWith(magic)) ?? [];
  if (form !== undefined) return form;
  // All that is left of gzip that was cut after its first byte.
  if (start === "\x1f") return "gzip";
  if (start.startsWith("ustar", TAR_MAGIC_AT)) return "tar";
  // UTF-16 without its mark: every other byte of what is ASCII is zero.
  if (/^(?:[\t\r\n -~]\0){4}|^(?:\0[\t\r\n -~]){4}/.test(start)) return "utf-16";
  return /^(?:\xef\xbb\xbf)?\s*[[{]/.test(start) ? "json" : "text";
}

export function isClosed(form: Form): form is ClosedForm {
  return CLOSED.has(form);
}
