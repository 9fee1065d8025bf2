import type { SchemaElement } from "hyparquet";
import { CorruptInputError } from "../../errors.js";
import { missingFields } from "../../flow-log/columns.js";
import { isFurther } from "../../flow-log/further-fields.js";
import { columnsByField } from "./columns-by-field.js";
import { ForeignFileError } from "./foreign-file-error.js";
import { describeType, readerOf, type ValueReader } from "./parquet-types.js";

/** A column that holds a field of flow logs. */
export interface FlowColumn {
  readonly field: string;
  /** As the file has it. */
  readonly name: string;
  readonly element: SchemaElement;
  readonly read: ValueReader;
}

/** A table without any of these has nothing of a flow log: the others' names are anybody's. */
const TELLING = new Set(
  "srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport interface-id tgw-attachment-id log-status".split(
    " ",
  ),
);
/** In which Security Lake keeps flow logs: https://schema.ocsf.io/classes/network_activity */
const OCSF = ["class_uid", "src_endpoint", "dst_endpoint", "traffic"];

/**
 * The columns of a Parquet file that hold what a graph needs, or can have besides.
 *
 * @throws ForeignFileError when it has nothing of a flow log
 * @throws CorruptInputError when it can't be read as one: what was expected, what was there, and what mends it
 * @throws Error when the schema is damaged
 */
export function flowColumns(key: string, schema: readonly SchemaElement[]): FlowColumn[] {
  const columns = topLevel(schema);
  const names = columns.map(({ element }) => element.name);
  if (OCSF.every((name) => names.includes(name))) {
    throw new CorruptInputError(
      `${key}: expected columns with the names of flow logs' fields (srcport, dstport, …), got the schema OCSF of ` +
        `Security Lake, which isn't read: let the flow logs themselves be read`,
    );
  }
  const found = columnsByField(key, columns, ({ element }) => element.name);
  const fields = [...found.keys()];
  const listed = names.length > 20 ? [...names.slice(0, 20), "…"] : names;
  if (!fields.some((field) => TELLING.has(field))) {
    throw new ForeignFileError(`${key}: expected columns of a flow log, got ${listed.join(", ")}`);
  }
  const missing = missingFields(fields);
  if (missing.length > 0) {
    throw new CorruptInputError(
      `${key}: expected the columns ${missing.join(", ")} as well, got ${listed.join(", ")}: ` +
        `add these fields to the flow log`,
    );
  }
  return [...found].flatMap(([field, { element, nested }]) => {
    const read = nested ? undefined : readerOf(field, element);
    if (read !== undefined) return [{ field, name: element.name, element, read }];
    // Nothing hangs on it, and a column of that name may be anybody's.
    if (isFurther(field)) return [];
    const got = nested ? "a group of columns" : describeType(element);
    throw new CorruptInputError(
      `${key}: expected the column ${element.name} to hold ${expectedOf(field)}, got ${got}: ` +
        `write it so`,
    );
  });
}

interface TopLevel {
  readonly element: SchemaElement;
  readonly nested: boolean;
}

/** The schema is a tree, written parents first. */
function topLevel(schema: readonly SchemaElement[]): TopLevel[] {
  const found: TopLevel[] = [];
  for (let at = 1; at < schema.length;) {
    const element = schema[at];
    if (typeof element?.name !== "string") throw new Error("a column without a name");
    found.push({ element, nested: element.num_children !== undefined });
    for (let open = 1; open > 0; open--) open += Math.max(0, schema[at++]?.num_children ?? 0);
  }
  return found;
}

function expectedOf(field: string): string {
  if (field === "start" || field === "end") return "timestamps or Unix times in seconds";
  if (readerOf(field, { name: field, type: "INT64" }) === undefined) return "text";
  return field === "account-id" ? "text or whole numbers" : "whole numbers";
}
