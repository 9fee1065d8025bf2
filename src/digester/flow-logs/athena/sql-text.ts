/*
 * Pieces of SQL as Trino reads it, which Athena is made of: https://trino.io/docs/current/language/reserved.html
 */

/** A name, quoted: whatever is in it is part of the name. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text, quoted: whatever is in it is part of the text. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Whether an expression has one of these values, each of which is SQL already. */
export function isIn(expression: string, values: readonly string[]): string {
  return values.length === 1 ? `${expression} = ${values[0]}` : `${expression} IN (${values.join(", ")})`;
}

export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? (conditions[0] ?? "") : `(${conditions.join(" OR ")})`;
}

/** A query over the rows of another. An expression can't use what is defined beside it, so each step is one within the next. */
export function selectWithin(values: readonly string[], query: string): string {
  return `SELECT\n  ${values.join(",\n  ")}\nFROM (\n${query.replaceAll(/^/gm, "  ")}\n)`;
}
