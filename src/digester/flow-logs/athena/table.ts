import { z } from "zod";
import { CorruptInputError, DependencyError } from "../../../errors.js";
import { missingFields } from "../../../flow-log/columns.js";
import { isFurther } from "../../../flow-log/further-fields.js";
import { columnsByField } from "../columns-by-field.js";
import { kindOf, type TableColumn } from "./column-values.js";

/** A table as DIGESTER_ENDPOINT names it. */
export interface TableName {
  readonly catalog: string;
  readonly database: string;
  readonly name: string;
}

const Column = z
  .object({ Name: z.string().min(1), Type: z.string().default("string") })
  .transform(({ Name, Type }): TableColumn => ({ name: Name, type: Type.trim().toLowerCase() }));

/** What GetTableMetadata tells of a table: https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html */
export const TableMetadata = z.object({
  TableType: z.string().optional(),
  Columns: z.array(Column).default([]),
  PartitionKeys: z.array(Column).default([]),
  Parameters: z.record(z.string(), z.string()).default({}),
});
export type TableMetadata = z.infer<typeof TableMetadata>;

/** What a query needs to know of a table. */
export interface FlowLogTable {
  /** The columns that hold fields of flow logs, by the fields' names. */
  readonly columns: ReadonlyMap<string, TableColumn>;
  /** The region of version 4, which no graph has. */
  readonly region: TableColumn | undefined;
  /** What narrows what is read. Of a view, which has no partitions of its own, all columns that aren't fields. */
  readonly partitions: readonly TableColumn[];
  readonly isProjected: boolean;
  readonly parameters: Readonly<Record<string, string>>;
}

/** @throws DependencyError when there are no flow logs in such a table: what is missing and what to do */
export function flowLogTable(where: string, metadata: TableMetadata): FlowLogTable {
  const { Columns, PartitionKeys, Parameters } = metadata;
  const isView = /view/i.test(metadata.TableType ?? "");
  const found = byField(where, [...Columns, ...PartitionKeys]);
  const missing = missingFields([...found.keys()]);
  if (missing.length > 0) {
    const names = Columns.map(({ name }) => name).join(", ");
    throw unfit(
      `${where}: expected the columns ${missing.join(", ")} as well, got ${names}. Where they have other names, a view can give them these`,
    );
  }
  const fields = new Set([...found.values()].map(({ name }) => name));
  const columns = new Map([...found].filter(([field, column]) => isReadable(where, field, column)));
  return {
    columns,
    region: Columns.find(({ name }) => name.toLowerCase() === "region"),
    partitions: isView ? Columns.filter(({ name }) => !fields.has(name)) : PartitionKeys,
    isProjected: /^\s*true\s*$/i.test(Parameters["projection.enabled"] ?? ""),
    parameters: Parameters,
  };
}

function byField(where: string, columns: readonly TableColumn[]): Map<string, TableColumn> {
  try {
    return columnsByField(where, columns, ({ name }) => name);
  } catch (error) {
    // Settings, rather than the logs, are what to mend.
    if (error instanceof CorruptInputError) throw unfit(error.message, error);
    throw error;
  }
}

/** A column that no graph needs may be anybody's. */
function isReadable(where: string, field: string, { name, type }: TableColumn): boolean {
  const kind = kindOf(type);
  const isTime = field === "start" || field === "end";
  if (kind !== undefined && (kind !== "time" || isTime)) return true;
  if (isFurther(field)) return false;
  throw unfit(
    `${where}: expected the column ${name} to hold ${isTime ? "a timestamp, " : ""}text or a whole number, got ${type}. A view can give it another type`,
  );
}

/** What can't be read until somebody changes the table, or the settings. */
export function unfit(message: string, cause?: unknown): DependencyError {
  return new DependencyError("digester", message, { cause, transient: false });
}
