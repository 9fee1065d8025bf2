import { CorruptInputError } from "../../errors.js";
import { plain, RELEVANT, relevantField } from "../../flow-log/columns.js";
import { isFurther } from "../../flow-log/further-fields.js";

/** Fields by their names in the first of AWS's tables for Athena, where these weren't the fields' own. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  account: "account-id",
  sourceaddress: "srcaddr",
  destinationaddress: "dstaddr",
  sourceport: "srcport",
  destinationport: "dstport",
  numpackets: "packets",
  numbytes: "bytes",
  starttime: "start",
  endtime: "end",
};

/**
 * The columns of a table that hold fields of flow logs. Names differ in case, hyphens and underscores, depending on what wrote it.
 *
 * @param where the table is, for messages
 * @throws CorruptInputError when two could hold one field
 */
export function columnsByField<Column>(
  where: string,
  columns: readonly Column[],
  nameOf: (column: Column) => string,
): Map<string, Column> {
  const found = new Map<string, Column>();
  const spellings = [
    (name: string) => RELEVANT.find((field) => field === name.replaceAll("_", "-")),
    (name: string) => relevantField(name),
    (name: string) => OLD_NAMES[plain(name)],
  ];
  for (const fieldOf of spellings) {
    const taken = new Set(found.keys());
    for (const column of columns) {
      const field = fieldOf(nameOf(column));
      if (field === undefined || taken.has(field)) continue;
      const other = found.get(field);
      if (other !== undefined && isFurther(field)) continue;
      if (other !== undefined && other !== column) {
        throw new CorruptInputError(
          `${where}: expected one column for ${field}, got ${nameOf(other)} and ${nameOf(column)}`,
        );
      }
      found.set(field, column);
    }
  }
  return found;
}
