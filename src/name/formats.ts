import { csv } from "./csv.js";
import { ipRanges } from "./ip-ranges.js";
import { mmdb } from "./mmdb.js";
import type { NameFormat } from "./name-file.js";

/** In the order in which they are tried on a file whose name doesn't tell. The last one takes anything. */
const FORMATS: readonly NameFormat[] = [mmdb, ipRanges, csv];

export function formatOf(path: string, bytes: Buffer): NameFormat {
  const named = FORMATS.find(({ extension }) => path.toLowerCase().endsWith(extension));
  return named ?? FORMATS.find((format) => format.looksLike(bytes)) ?? csv;
}
