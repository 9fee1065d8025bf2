import { type DateFormat, dateFormat } from "./date-format.js";
import { type FlowLogTable, unfit } from "./table.js";

/**
 * What a table's properties say of the partitions that Athena looks into. What they don't cover isn't read, without a word.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
export type Projection =
  | { readonly type: "enum"; readonly values: readonly string[] }
  | { readonly type: "integer"; readonly least: number; readonly greatest: number }
  | { readonly type: "date"; readonly format: DateFormat; readonly from: number; readonly to: number }
  /** Values are taken from the query, which has to name them. */
  | { readonly type: "injected" };

/** A partition's projection, undefined where it has none. */
export function projectionOf(
  where: string,
  { parameters }: Pick<FlowLogTable, "parameters">,
  column: string,
  now = Date.now(),
): Projection | undefined {
  const property = (name: string) => parameters[`projection.${column}.${name}`];
  const wrong = (name: string, expected: string) =>
    unfit(
      `${where}: expected the property projection.${column}.${name} to be ${expected}, got ${property(name)}`,
    );
  // Of a coarser one it can't be told which partitions there are; a finer one isn't told by its format.
  const unit = property("interval.unit")?.trim().replace(/s$/i, "").toUpperCase();
  const isWhole = (expected: string) =>
    /^\s*1\s*$/.test(property("interval") ?? "1") && (unit ?? expected) === expected;
  switch (property("type")?.trim().toLowerCase()) {
    case undefined:
      return undefined;
    case "injected":
      return { type: "injected" };
    case "enum":
      return { type: "enum", values: (property("values") ?? "").split(",") };
    case "integer": {
      const [least = Number.NaN, greatest = Number.NaN] = (property("range") ?? "").split(",").map(Number);
      if (!isWhole("")) throw wrong("interval", "1");
      if (least <= greatest) return { type: "integer", least, greatest };
      throw wrong("range", "two whole numbers with a comma between");
    }
    case "date": {
      const format = dateFormat((property("format") ?? "").trim());
      if (format === undefined) throw wrong("format", "made of yyyy, MM, dd and HH, such as yyyy/MM/dd");
      const each = format.hasHours ? "HOUR" : "DAY";
      if (!isWhole(each)) throw wrong("interval", `1, in ${each}S, as its format has them`);
      const [from = Number.NaN, to = Number.NaN] = (property("range") ?? "")
        .split(",")
        .map((text) => timeOf(text.trim(), format, now));
      if (from <= to) return { type: "date", format, from, to };
      throw wrong("range", "two dates in its format, or NOW, with a comma between");
    }
    default:
      throw wrong("type", "enum, integer, date or injected");
  }
}

const UNIT_MS: Readonly<Record<string, number>> = {
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
  WEEK: 7 * 86_400_000,
};

/** `NOW`, `NOW-3YEARS`, `NOW+1DAY`, or a date. */
function timeOf(text: string, format: DateFormat, now: number): number {
  const relative = /^NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?$/i.exec(text);
  if (relative === null) return format.parse(text);
  const [, sign, amount = "0", unit = "DAY"] = relative;
  const by = (sign === "-" ? -1 : 1) * Number(amount);
  const ms = UNIT_MS[unit.toUpperCase()];
  if (ms !== undefined) return now + by * ms;
  const time = new Date(now);
  if (/^year$/i.test(unit)) time.setUTCFullYear(time.getUTCFullYear() + by);
  else time.setUTCMonth(time.getUTCMonth() + by);
  return time.getTime();
}

/** What the table's properties say that they cover, for the log: `region: eu-west-1,us-east-1; day: 2021/01/01,NOW`. */
export function coverage({ partitions, parameters }: FlowLogTable): string {
  return partitions
    .map(({ name }) => {
      const said = parameters[`projection.${name}.values`] ?? parameters[`projection.${name}.range`];
      return `${name}: ${said ?? parameters[`projection.${name}.type`] ?? "as loaded"}`;
    })
    .join("; ");
}
