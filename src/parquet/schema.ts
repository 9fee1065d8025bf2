import { flag, i32, struct, text, type Thrift } from "./thrift.js";

/** A column of a flat table. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether values may be null. */
  readonly optional: boolean;
}

/** `timestamp` is milliseconds since 1970, UTC. */
export type ColumnType = "string" | "int32" | "int64" | "timestamp";

// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const PHYSICAL = { int32: 1, int64: 2, timestamp: 2, string: 6 } as const satisfies Record<
  ColumnType,
  number
>;
const REQUIRED = 0;
const OPTIONAL = 1;
const UTF8 = 0;
const TIMESTAMP_MILLIS = 9;
const STRING = struct([1, struct()]);
const UTC_MILLIS = struct([8, struct([1, flag(true)], [2, struct([1, struct()])])]);

export function physicalType({ type }: ColumnSpec): number {
  return PHYSICAL[type];
}

/** A table's schema, depth first: its root, then its columns. */
export function schemaElements(specs: readonly ColumnSpec[]): Thrift[] {
  return [struct([4, text("edges")], [5, i32(specs.length)]), ...specs.map(schemaElement)];
}

function schemaElement(spec: ColumnSpec): Thrift {
  const { name, type, optional } = spec;
  return struct(
    [1, i32(physicalType(spec))],
    [3, i32(optional ? OPTIONAL : REQUIRED)],
    [4, text(name)],
    [6, type === "string" ? i32(UTF8) : type === "timestamp" ? i32(TIMESTAMP_MILLIS) : undefined],
    [10, type === "string" ? STRING : type === "timestamp" ? UTC_MILLIS : undefined],
  );
}
