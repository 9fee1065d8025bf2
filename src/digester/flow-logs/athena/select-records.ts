import type { AddressChoice } from "../../../flow-log/columns.js";
import { FURTHER_FIELDS } from "../../../flow-log/further-fields.js";
import { MAX_TIME, MIN_TIME } from "../../../flow-log/record.js";
import {
  accountValue,
  kindOf,
  type TableColumn,
  textValue,
  timeLiteral,
  wholeValue,
} from "./column-values.js";
import { identifier } from "./sql-text.js";

export interface SelectOptions {
  readonly table: { readonly catalog: string; readonly database: string; readonly name: string };
  /** The columns that hold fields of flow logs, by the fields' names. */
  readonly columns: ReadonlyMap<string, TableColumn>;
  readonly window: { readonly startDate: Date; readonly stopDate: Date };
  readonly addresses: AddressChoice;
  /** Conditions in SQL that narrow what is read: partitions, accounts, regions, VPCs. */
  readonly conditions: readonly string[];
  /** Whether VPCs are chosen, by the field that tells them. */
  readonly byVpc: boolean;
}

/** The further fields that a table has, in the order in which lines of sums have them. */
export function furtherFields(columns: SelectOptions["columns"]): string[] {
  return FURTHER_FIELDS.filter((field) => columns.has(field));
}

/** Records with their values as they are, absent ones as `-` or NULL. */
export function recordsOf(
  { table, columns, addresses, ...options }: SelectOptions,
  further: readonly string[],
): string {
  const column = (field: string) => columns.get(field);
  const end = (field: string) => {
    const packet = `pkt-${field}`;
    if (addresses === "interface") return textValue(column(field) ?? column(packet));
    if (!columns.has(packet) || !columns.has(field)) return textValue(column(packet) ?? column(field));
    return `COALESCE(NULLIF(${textValue(column(packet))}, '-'), ${textValue(column(field))})`;
  };
  const values = [
    `${accountValue(column("account-id"))} AS account`,
    `${textValue(column("interface-id") ?? column("tgw-attachment-id"))} AS interface`,
    `${end("srcaddr")} AS source`,
    `${end("dstaddr")} AS destination`,
    `COALESCE(${wholeValue(column("srcport"))}, 0) AS source_port`,
    `COALESCE(${wholeValue(column("dstport"))}, 0) AS destination_port`,
    `COALESCE(${wholeValue(column("protocol"))}, 0) AS protocol`,
    `${wholeValue(column("packets"))} AS packets`,
    `${wholeValue(column("bytes"))} AS bytes`,
    `${wholeValue(column("start"))} AS started`,
    `${wholeValue(column("end"))} AS ended`,
    `${textValue(column("action"))} AS action`,
    `COALESCE(NULLIF(${textValue(column("log-status"))}, '-'), 'OK') AS status`,
    `${wholeValue(column("tcp-flags"))} AS flags`,
    `${options.byVpc ? textValue(column("vpc-id")) : "'any'"} AS vpc`,
    ...further.map((field, index) => `${textValue(column(field))} AS further_${index}`),
  ];
  const { catalog, database, name } = table;
  const from = [catalog, database, name].map(identifier).join(".");
  const where = [...options.conditions, whenOf(column("end"), options.window)];
  return `SELECT\n  ${values.join(",\n  ")}\nFROM ${from}\nWHERE ${where.join("\n  AND ")}`;
}

/**
 * The window, and what has no end, or one that can't be: such records are errors, or without traffic. That they are asked for
 * costs nothing where files have statistics.
 */
function whenOf(column: TableColumn | undefined, { startDate, stopDate }: SelectOptions["window"]): string {
  if (column === undefined) return "true";
  const kind = kindOf(column.type);
  const end = kind === "text" ? wholeValue(column) : identifier(column.name);
  const at = (seconds: number) => timeLiteral(column, seconds);
  const inside = `(${end} >= ${at(startDate.getTime() / 1000)} AND ${end} < ${at(stopDate.getTime() / 1000)})`;
  const odd = kind === "time" ? "" : ` OR ${end} < ${MIN_TIME} OR ${end} > ${MAX_TIME}`;
  return `(${inside}${odd} OR ${end} IS NULL)`;
}
