import { ACTIVE_PARTS } from "../../../flow-log/sum-row.js";
import { MAX_TIME, MIN_TIME } from "../../../flow-log/record.js";
import type { SelectOptions } from "./select-records.js";
import { identifier, selectWithin } from "./sql-text.js";

/** Rows whose columns are in the order of `sumFields`, each a text. */
export function sumsOf(keyed: string, { window }: SelectOptions, further: readonly string[]): string {
  const start = window.startDate.getTime() / 1000;
  const parts = (ACTIVE_PARTS / (window.stopDate.getTime() / 1000 - start)).toExponential();
  const part = `CAST(floor(CAST(ended - ${start} AS double) * ${parts}) AS bigint)`;
  const values: Record<string, string> = {
    version: "'2'",
    account_id: "account",
    interface_id: "interface",
    srcaddr: "source",
    dstaddr: "destination",
    srcport: text("source_port"),
    dstport: text("destination_port"),
    protocol: text("protocol"),
    packets: sum("packets", extreme("packets", 0)),
    bytes: sum("bytes", "min(bytes)"),
    start: `COALESCE(${text(unlessFault("min(COALESCE(started, ended))", extreme("started", MIN_TIME)))}, '-')`,
    end: `COALESCE(${text(unlessFault("max(ended)", `CASE WHEN max(ended) > ${MAX_TIME} THEN max(ended) ELSE min(ended) END`))}, '-')`,
    action: "action",
    log_status: "status",
    tcp_flags: `COALESCE(${text(unlessFault("bitwise_or_agg(flags)", extreme("flags", 0)))}, '-')`,
    flows: text("count(*)"),
    first: `COALESCE(${text("min(least(COALESCE(started, ended), ended))")}, '-')`,
    // Outside the window it would be a bit that isn't there.
    active: text(
      `COALESCE(bitwise_or_agg(CASE WHEN ${part} BETWEEN 0 AND ${ACTIVE_PARTS - 1} THEN bitwise_left_shift(CAST(1 AS bigint), CAST(${part} AS integer)) ELSE CAST(0 AS bigint) END), 0)`,
    ),
    accepts: "CASE WHEN bool_or(accepts) THEN '1' ELSE '0' END",
    asks: "CASE WHEN bool_or(asks) THEN '1' ELSE '0' END",
    rule: text("max(rule)"),
    without_sums: text("count_if(packets IS NULL OR bytes IS NULL)"),
    fault: "CASE WHEN fault THEN '1' ELSE '0' END",
    ...Object.fromEntries(
      further.map((field, index) => [
        field.replaceAll("-", "_"),
        `CASE WHEN min(further_${index}) = max(further_${index}) THEN min(further_${index}) ELSE '-' END`,
      ]),
    ),
  };
  const selected = Object.entries(values).map(([name, value]) => `${value} AS ${identifier(name)}`);
  const key =
    "account, interface, source, destination, source_port, destination_port, protocol, action, status, fault";
  return `${selectWithin(selected, keyed)}\nGROUP BY ${key}`;
}

function text(value: string): string {
  return `CAST(${value} AS varchar)`;
}

/** Values that can't be aren't summed: some of them are told. */
function unlessFault(sum: string, fault: string): string {
  return `CASE WHEN fault THEN ${fault} ELSE ${sum} END`;
}

/** Exact however large it gets, which a sum of bigint isn't. */
function sum(name: string, fault: string): string {
  return `COALESCE(${text(unlessFault(`COALESCE(sum(${decimal(name)}), 0)`, decimal(fault)))}, '-')`;
}

function decimal(value: string): string {
  return `CAST(${value} AS decimal(38, 0))`;
}

/** Of values that can't be, one that shows it. */
function extreme(name: string, least: number): string {
  return `CASE WHEN min(${name}) < ${least} THEN min(${name}) ELSE max(${name}) END`;
}
