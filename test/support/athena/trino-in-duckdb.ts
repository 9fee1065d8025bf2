/**
 * What of Trino's SQL DuckDB has under other names: statements that give it Trino's. An expression that is right in both is
 * then the same text.
 */
export const TRINO_FUNCTIONS: readonly string[] = [
  "create macro bitwise_and(a, b) as a & b",
  // Of Trino's, the shift is an INTEGER, and nothing else.
  "create macro bitwise_left_shift(value, shift) as case when typeof(shift) = 'INTEGER' then value << shift else error('expected an integer') end",
  "create macro bitwise_or_agg(value) as bit_or(value)",
  "create macro regexp_like(value, pattern) as regexp_matches(value, pattern)",
  "create macro to_unixtime(value) as epoch(value)",
];
