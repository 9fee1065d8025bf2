import { createHash } from "node:crypto";
import { literal } from "./sql-text.js";

/** Where results go: `s3://bucket/prefix`, the prefix empty or with a slash at its end. */
export interface OutputPlace {
  readonly bucket: string;
  readonly prefix: string;
}

export interface Attempt {
  /** Below it is the result of this attempt and nothing else: UNLOAD wants an empty place. */
  readonly rows: string;
  /** The same, as a URL. */
  readonly rowsUrl: string;
  /** Where Athena puts what it says of the query. */
  readonly about: string;
  readonly sql: string;
  readonly token: string;
}

/**
 * The n-th query of a making of a graph. Whoever takes the job over makes the same of it, and so finds the query and its result;
 * a refresh, another window or another version of the SELECT has others.
 *
 * @param making names the making of the graph
 * @param number from 1
 */
export function attemptOf(
  { bucket, prefix }: OutputPlace,
  graphId: string,
  making: string,
  select: string,
  number: number,
): Attempt {
  const hash = hashOf([graphId, making, select]).slice(0, 32);
  const root = `${prefix}${graphId}/${hash}/${number}/`;
  const rows = `${root}rows/`;
  const rowsUrl = `s3://${bucket}/${rows}`;
  const sql = `UNLOAD (\n${select}\n)\nTO ${literal(rowsUrl)}\nWITH (format = 'TEXTFILE', field_delimiter = ' ')`;
  return { rows, rowsUrl, about: `s3://${bucket}/${root}query/`, sql, token: hashOf([sql]) };
}

function hashOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
