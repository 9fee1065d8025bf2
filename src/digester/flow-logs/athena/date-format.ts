/** What a partition's values are made of: a date and an hour in UTC, as a pattern of Java's DateTimeFormatter. */
const LETTERS: Readonly<Record<string, (iso: string) => string>> = {
  yyyy: (iso) => iso.slice(0, 4),
  uuuu: (iso) => iso.slice(0, 4),
  MM: (iso) => iso.slice(5, 7),
  M: (iso) => String(Number(iso.slice(5, 7))),
  dd: (iso) => iso.slice(8, 10),
  d: (iso) => String(Number(iso.slice(8, 10))),
  HH: (iso) => iso.slice(11, 13),
  H: (iso) => String(Number(iso.slice(11, 13))),
};

export interface DateFormat {
  /** Whether it tells hours too. */
  readonly hasHours: boolean;
  format(date: Date): string;
  /** The time that a value stands for, in milliseconds since 1970; NaN where it isn't written so. */
  parse(text: string): number;
}

/** Undefined for a pattern with anything but dates and whole hours. */
export function dateFormat(pattern: string): DateFormat | undefined {
  const parts = [...pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g)];
  if (parts.map(([part]) => part).join("") !== pattern) return undefined;
  const isKnown = parts.every(([part, , letter]) => letter === undefined || part in LETTERS);
  const letters = parts.flatMap(([, , letter]) => letter?.replace("u", "y") ?? []);
  const units = new Set(letters);
  if (!isKnown || units.size < letters.length || !["y", "M", "d"].every((unit) => units.has(unit)))
    return undefined;
  return {
    hasHours: units.has("H"),
    format: (date) => {
      const iso = date.toISOString();
      return parts.map(([part, quoted]) => quoted ?? LETTERS[part]?.(iso) ?? part).join("");
    },
    parse: (text) => {
      const read = new RegExp(`^${parts.map(([part, quoted]) => readerOf(part, quoted)).join("")}$`).exec(
        text,
      );
      const { y, M, d, H = "0" } = read?.groups ?? {};
      return Date.UTC(Number(y), Number(M) - 1, Number(d), Number(H));
    },
  };
}

function readerOf(part: string, quoted: string | undefined): string {
  if (quoted === undefined && part in LETTERS) {
    return `(?<${part.charAt(0).replace("u", "y")}>\\d+)`;
  }
  return (quoted ?? part).replaceAll(/[^\w]/g, String.raw`\$&`);
}
