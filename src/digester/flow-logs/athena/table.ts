import type { Column, TableMetadata as Metadata } from "@aws-sdk/client-athena";
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

/** What GetTableMetadata tells of a table: https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html */
export type TableMetadata = Pick<Metadata, "TableType" | "Columns" | "PartitionKeys" | "Parameters">;

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
  const { Columns = [], PartitionKeys = [], Parameters: parameters = {} } = metadata;
  const own = Columns.map(columnOf);
  const keys = PartitionKeys.map(columnOf);
  const isView = /view/i.test(metadata.TableType ?? "");
  const found = byField(where, [...own, ...keys]);
  const missing = missingFields([...found.keys()]);
  if (missing.length > 0) {
    const names = own.map(({ name }) => name).join(", ");
    throw unfit(
      `${where}: expected the columns ${missing.join(", ")} as well, got ${names}. Where they have other names, a view can give them these`,
    );
  }
  const fields = new Set([...found.values()].map(({ name }) => name));
  const columns = new Map([...found].filter(([field, column]) => isReadable(where, field, column)));
  return {
    columns,
    region: own.find(({ name }) => name.toLowerCase() === "region"),
    partitions: isView ? own.filter(({ name }) => !fields.has(name)) : keys,
    isProjected: /^\s*true\s*$/i.test(parameters["projection.enabled"] ?? ""),
    parameters,
  };
}

function columnOf({ Name = "", Type = "string" }: Column): TableColumn {
  return { name: Name, type: Type.trim().toLowerCase() };
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
