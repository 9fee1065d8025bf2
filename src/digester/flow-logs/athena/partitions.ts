import { plain } from "../../../flow-log/columns.js";
import type { TableColumn } from "./column-values.js";
import { checkCoverage } from "./coverage.js";
import { dateFormat, type DateFormat } from "./date-format.js";
import { type Partition, type Role, valueLiteral } from "./partition.js";
import { type Projection, projectionOf } from "./projection.js";
import { identifier, isIn } from "./sql-text.js";
import { type FlowLogTable, unfit } from "./table.js";
import { timeConditions } from "./time-conditions.js";

/** What is read of a table's partitions. */
export interface PartitionChoice {
  readonly window: { readonly startDate: Date; readonly stopDate: Date };
  readonly accounts?: ReadonlySet<string> | undefined;
  readonly regions?: ReadonlySet<string> | undefined;
}

export interface Pruned {
  /** In SQL. */
  readonly conditions: readonly string[];
  /** What the conditions settle, so that nothing else has to. */
  readonly roles: ReadonlySet<Role>;
  readonly warnings: readonly string[];
}

/** The names of partitions in AWS's own tables for flow logs, and what people make of them. */
const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...["account", "accountid", "accid", "awsaccountid"].map((name) => [name, "account"] as const),
  ...["region", "awsregion", "regioncode"].map((name) => [name, "region"] as const),
  ...["service", "awsservice"].map((name) => [name, "service"] as const),
  ...["date", "dt", "datehour"].map((name) => [name, "date"] as const),
  ...(["year", "month", "day", "hour"] as const).map((name) => [name, name] as const),
]);
const SERVICE = "vpcflowlogs";
/** How dates of partitions that aren't projected may be written. */
const USUAL_DATES = ["yyyy/MM/dd", "yyyy-MM-dd", "yyyyMMdd"].flatMap((pattern) => dateFormat(pattern) ?? []);

/**
 * Narrows what is read to the partitions that can hold records of the choice.
 *
 * @throws DependencyError when the projection leaves out what is asked for, so that nothing would be found there
 */
export function prune(where: string, table: FlowLogTable, choice: PartitionChoice): Pruned {
  const partitions = new Map<Role, Partition>();
  for (const column of table.partitions) {
    const projection = projectionOf(where, table, column.name);
    const role = roleOf(column, projection, table.partitions);
    if (role !== undefined) partitions.set(role, { column, projection });
    else if (projection?.type === "injected") throw unnamed(where, column.name);
  }
  const named = (role: Role, values: ReadonlySet<string> | undefined): string[] => {
    const partition = partitions.get(role);
    if (partition === undefined) return [];
    if (values !== undefined) return [isAmong(where, partition, [...values])];
    if (partition.projection?.type === "injected") throw unnamed(where, partition.column.name);
    return [];
  };
  checkCoverage(where, partitions, choice.window);
  const times = timeConditions(partitions, datesOf(where, partitions.get("date")), choice.window);
  return {
    conditions: [
      ...named("account", choice.accounts),
      ...named("region", choice.regions),
      ...named("service", new Set([SERVICE])),
      ...times,
    ],
    roles: new Set(partitions.keys()),
    warnings:
      times.length > 0
        ? []
        : [
            `no partition of ${where} is told to be a date by its name or its projection: each query reads all of the table`,
          ],
  };
}

function roleOf(
  { name }: TableColumn,
  projection: Projection | undefined,
  all: readonly TableColumn[],
): Role | undefined {
  if (projection?.type === "date") return "date";
  const role = ROLES.get(plain(name));
  // Alone it is a whole date.
  return role === "day" && !all.some((other) => plain(other.name) === "year") ? "date" : role;
}

function datesOf(where: string, partition: Partition | undefined): readonly DateFormat[] {
  if (partition === undefined) return [];
  const { column, projection } = partition;
  if (projection === undefined || projection.type === "date") {
    return projection === undefined ? USUAL_DATES : [projection.format];
  }
  throw unfit(
    `${where}: expected the partition ${column.name} to be projected as a date, got ${projection.type}: set projection.${column.name}.type to date`,
  );
}

/** A condition that a partition has one of some values, which its projection covers. */
function isAmong(where: string, { column, projection }: Partition, values: readonly string[]): string {
  const lacking =
    projection?.type === "enum" ? values.filter((value) => !projection.values.includes(value)) : [];
  if (lacking.length > 0) {
    throw unfit(
      `${where}: the property projection.${column.name}.values lacks ${lacking.join(", ")}, so nothing of it would be found. Add it (ALTER TABLE … SET TBLPROPERTIES)`,
    );
  }
  return isIn(
    identifier(column.name),
    values.map((value) => valueLiteral(column, value)),
  );
}

function unnamed(where: string, name: string) {
  return unfit(
    `${where}: the partition ${name} is injected, so each query has to name its values. FLOW_LOG_ACCOUNTS and FLOW_LOG_REGIONS name them where it is an account's or a region's`,
  );
}
