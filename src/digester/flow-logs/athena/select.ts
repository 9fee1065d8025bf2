import { MAX_BACKWARDS, MAX_TIME, MIN_TIME } from "../../../flow-log/record.js";
import { KNOWN_PORTS } from "../../../flow-log/services.js";
import { WITHOUT_VPC } from "../../../flow-log/sum-reader.js";
import { FLAGS, KNOWN, NO_RULE } from "../../../flow-log/traits.js";
import { furtherFields, recordsOf, type SelectOptions } from "./select-records.js";
import { sumsOf } from "./select-sums.js";
import { literal, selectWithin } from "./sql-text.js";

/** Ports above those that are all known, in order. */
const KNOWN_ABOVE = [...KNOWN_PORTS.keys()].filter((port) => port > 1023 && KNOWN_PORTS[port] === 1);
const EMPTY = "status IN ('NODATA', 'SKIPDATA')";
const LACKS_ADDRESS = "(source = '-' OR destination = '-')";

/**
 * The sums of a window as one SELECT, each row a line that `SumReader` reads. What a record alone tells of which end serves
 * is decided here, by the rules of `decide` in `serving.ts`; where it takes the whole window, both ports are kept.
 */
export function selectOf(options: SelectOptions): string {
  const further = furtherFields(options.columns);
  return sumsOf(keyedOf(sortedOf(judgedOf(recordsOf(options, further))), further), options, further);
}

/** What a record alone says: whether it makes an edge, whether it can be one at all, and which end its flags and ports point to. */
function judgedOf(records: string): string {
  const values = [
    "*",
    `(vpc = '-' AND NOT ${EMPTY}) AS without_vpc`,
    `(${EMPTY} OR lower(status) = 'ok' AND (${LACKS_ADDRESS} OR vpc = '-')) AS without_edge`,
    `COALESCE(${notTime("ended")}, NOT (${EMPTY} OR ${LACKS_ADDRESS})) AS without_end`,
    `COALESCE(${notTime("started")} OR started - ended > ${MAX_BACKWARDS}, false) AS without_start`,
    `(COALESCE(packets < 0, false) OR COALESCE(bytes < 0, false) OR COALESCE(bytes < packets, false)) AS odd_sums`,
    "COALESCE(flags < 0 OR flags > 255, false) AS odd_flags",
    `(NOT source_port BETWEEN 0 AND 65535 OR NOT destination_port BETWEEN 0 AND 65535) AS odd_ports`,
    `${known("source_port")} AS source_known`,
    `${known("destination_port")} AS destination_known`,
    "COALESCE(bitwise_and(flags, 2) = 2 AND bitwise_and(flags, 16) = 16, false) AS accepts",
    "COALESCE(bitwise_and(flags, 2) = 2 AND bitwise_and(flags, 16) = 0, false) AS asks",
  ];
  return selectWithin(values, records);
}

/** Whether a record is an error, and whether it takes the whole window to tell which end serves. */
function sortedOf(judged: string): string {
  const values = [
    "*",
    "(without_end OR NOT without_edge AND (without_start OR odd_sums OR odd_flags OR odd_ports)) AS fault",
    "(source_port <> 0 AND destination_port <> 0 AND (source_known = destination_known" +
      " OR source_known AND asks OR destination_known AND accepts)) AS open",
  ];
  return selectWithin(values, judged);
}

/** What rows are summed by, the same for all records without an edge. */
function keyedOf(sorted: string, further: readonly string[]): string {
  const values = [
    ...["account", "interface", "source", "destination", "action"].map((name) => `${edge(name)} AS ${name}`),
    `${port("source_port", "destination_known", "destination_port")} AS source_port`,
    `${port("destination_port", "source_known", "source_port")} AS destination_port`,
    `${edge("protocol", "0")} AS protocol`,
    `CASE WHEN without_vpc AND NOT fault THEN ${literal(WITHOUT_VPC)} ELSE status END AS status`,
    "fault",
    `CASE WHEN open OR source_port = 0 OR destination_port = 0 THEN ${NO_RULE}` +
      ` WHEN accepts OR asks THEN ${FLAGS} ELSE ${KNOWN} END AS rule`,
    "packets",
    "bytes",
    "started",
    "ended",
    "flags",
    "accepts",
    "asks",
    ...further.map((_, index) => `${edge(`further_${index}`)} AS further_${index}`),
  ];
  return selectWithin(values, sorted);
}

function known(port: string): string {
  return `(${port} BETWEEN 1 AND 1023 OR ${port} IN (${KNOWN_ABOVE.join(", ")}))`;
}

function notTime(time: string): string {
  return `(${time} < ${MIN_TIME} OR ${time} > ${MAX_TIME})`;
}

function edge(value: string, none = "'-'"): string {
  return `CASE WHEN fault OR NOT without_edge THEN ${value} ELSE ${none} END`;
}

/** A port, or 0 where it is known that the other end serves. */
function port(own: string, otherKnown: string, other: string): string {
  return edge(`CASE WHEN fault OR open OR ${other} = 0 OR NOT ${otherKnown} THEN ${own} ELSE 0 END`, "0");
}
