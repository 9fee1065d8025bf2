import { identifier, literal } from "./sql-text.js";

/** A column of a table, as the catalog describes it. */
export interface TableColumn {
  readonly name: string;
  /** As Hive writes it, in lower case: `bigint`, `varchar(20)`, `timestamp`. */
  readonly type: string;
}

/** The kinds of types that hold values of flow logs. */
export type ColumnKind = "whole" | "text" | "time" | "number";

const KINDS: readonly (readonly [RegExp, ColumnKind])[] = [
  [/^(?:tinyint|smallint|int|integer|bigint)$/, "whole"],
  [/^(?:string|varchar|char)(?:\(\d+\))?$/, "text"],
  [/^timestamp(?:\(\d+\))?$/, "time"],
  [/^(?:float|double|real|decimal(?:\(\d+(?:, *\d+)?\))?)$/, "number"],
];

/** Undefined: nothing of a flow log can be in it. */
export function kindOf(type: string): ColumnKind | undefined {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1];
}

/** A value as text, `-` where there is none. What a digest can't have begins with a quote, which is no part of any name. */
export function textValue(column: TableColumn | undefined): string {
  if (column === undefined) return "'-'";
  const name = identifier(column.name);
  if (kindOf(column.type) !== "text") return `COALESCE(CAST(${name} AS varchar), '-')`;
  return (
    `CASE WHEN ${name} IS NULL OR ${name} = '' THEN '-'` +
    ` WHEN length(${name}) > 256 OR regexp_like(${name}, '[^!-~]') THEN concat('"', url_encode(${name}))` +
    ` ELSE ${name} END`
  );
}

/** An account's id, of which a number lacks the zeros in front. */
export function accountValue(column: TableColumn | undefined): string {
  if (column === undefined || kindOf(column.type) === "text") return textValue(column);
  return `COALESCE(lpad(CAST(CAST(${identifier(column.name)} AS bigint) AS varchar), 12, '0'), '-')`;
}

/** A whole number, NULL where there is none. A text that isn't one fails the query. */
export function wholeValue(column: TableColumn | undefined): string {
  if (column === undefined) return "CAST(NULL AS bigint)";
  const name = identifier(column.name);
  switch (kindOf(column.type)) {
    case "text":
      return `CAST(NULLIF(NULLIF(trim(${name}), ''), '-') AS bigint)`;
    case "time":
      return `CAST(floor(to_unixtime(${name})) AS bigint)`;
    case "whole":
    case "number":
    case undefined:
    default:
      return `CAST(${name} AS bigint)`;
  }
}

/** Seconds since 1970 as a value that a column is compared with, so that files can be passed over by their statistics. */
export function timeLiteral({ type }: TableColumn, seconds: number): string {
  if (kindOf(type) !== "time") return String(seconds);
  const time = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  return `TIMESTAMP ${literal(time)}`;
}
