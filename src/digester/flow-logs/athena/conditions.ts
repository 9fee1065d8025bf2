import { accountValue, textValue } from "./column-values.js";
import { type PartitionChoice, prune } from "./partitions.js";
import { identifier, isIn, literal } from "./sql-text.js";
import { type FlowLogTable, unfit } from "./table.js";

export interface Choice extends PartitionChoice {
  readonly vpcs?: ReadonlySet<string> | undefined;
}

/** Conditions in SQL that narrow a table to what is chosen of it, but for the window itself, and what should be known of them. */
export interface Conditions {
  readonly conditions: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Accounts and regions are told by partitions, where there are such, or else by the records.
 *
 * @throws DependencyError when nothing tells them, or the table's projection leaves out what is chosen
 */
export function conditionsOf(where: string, table: FlowLogTable, choice: Choice): Conditions {
  const { conditions, roles, warnings } = prune(where, table, choice);
  const { accounts, regions, vpcs } = choice;
  const needed = <Column>(column: Column | undefined, name: string, what: string): Column => {
    if (column !== undefined) return column;
    throw unfit(`${where}: expected the column ${name}, without which ${what} can't be told apart`);
  };
  const byRecords: string[] = [];
  if (accounts !== undefined && !roles.has("account")) {
    byRecords.push(
      among(accountValue(needed(table.columns.get("account-id"), "account_id", "accounts")), accounts),
    );
  }
  if (regions !== undefined && !roles.has("region")) {
    byRecords.push(among(identifier(needed(table.region, "region", "regions").name), regions));
  }
  if (vpcs !== undefined) {
    // Records that lack it are counted.
    const vpc = textValue(needed(table.columns.get("vpc-id"), "vpc_id", "VPCs"));
    byRecords.push(among(vpc, new Set([...vpcs, "-"])));
  }
  return { conditions: [...conditions, ...byRecords], warnings };
}

function among(expression: string, values: ReadonlySet<string>): string {
  return isIn(expression, [...values].map(literal));
}
