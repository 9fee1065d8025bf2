import { NONE } from "../edges/table.js";
import { addressTest, matcherOf } from "./ends.js";
import { HAS_ACCEPTED, HAS_REJECTED, type Conversations } from "./conversations.js";
import type { HostField, Hosts } from "./hosts.js";
import { STATUSES, type Marks } from "./marks.js";
import { measureOf } from "./measure.js";
import { WhereError } from "./where-error.js";
import type { Condition, Limit, Mark, Term, Where } from "./where.js";

/** Says of a row whether it is meant. */
export type RowTest = (row: number) => boolean;

/**
 * A filter as a test of the rows of a table. `from:` and `to:` are the client's and the server's end. Where no end serves,
 * either end may be either: what the terms of a clause say has to hold one way round.
 *
 * @throws WhereError when a term asks for what isn't there to tell
 */
export function filterOf(where: Where, table: Conversations, hosts: Hosts, marks: Marks): RowTest {
  const rowTests: RowTest[] = [];
  const clauses = new Map<number, EndPairTest[]>();
  for (const term of where) {
    const { condition, isExcluded } = term;
    if (condition.kind === "ends" && condition.end !== "host") {
      const test = addressTest(condition.ends, table.values, hosts);
      const clause = clauses.get(term.clause) ?? [];
      clause.push({ test, isClient: condition.end === "from", isExcluded });
      clauses.set(term.clause, clause);
    } else {
      const test = rowTestOf(term, condition, table, hosts, marks);
      rowTests.push(isExcluded ? (row) => !test(row) : test);
    }
  }
  for (const clause of clauses.values()) rowTests.push(endsTest(clause, table));
  return (row) => {
    for (const test of rowTests) if (!test(row)) return false;
    return true;
  };
}

interface EndPairTest {
  readonly test: (address: number) => boolean;
  readonly isClient: boolean;
  readonly isExcluded: boolean;
}

function endsTest(tests: readonly EndPairTest[], table: Conversations): RowTest {
  const { client, server, served } = table;
  const hold = (from: number, to: number): boolean => {
    for (const { test, isClient, isExcluded } of tests) {
      if (test(isClient ? from : to) === isExcluded) return false;
    }
    return true;
  };
  return (row) => {
    const from = client[row] ?? 0;
    const to = server[row] ?? 0;
    return hold(from, to) || (served[row] === 0 && hold(to, from));
  };
}

function rowTestOf(
  term: Term,
  condition: Condition,
  table: Conversations,
  hosts: Hosts,
  marks: Marks,
): RowTest {
  const { client, server } = table;
  switch (condition.kind) {
    case "ends": {
      const test = addressTest(condition.ends, table.values, hosts);
      return (row) => test(client[row] ?? 0) || test(server[row] ?? 0);
    }
    case "port": {
      const ports = new Uint8Array(0x10000);
      for (const [from, to] of condition.ranges) ports.fill(1, from, to + 1);
      return (row) => ports[table.port[row] ?? 0] === 1;
    }
    case "protocol": {
      const protocols = new Set(condition.protocols);
      return (row) => protocols.has(table.protocol[row] ?? 0);
    }
    case "action": {
      const bits = condition.actions
        .map((action) => (action === "reject" ? HAS_REJECTED : HAS_ACCEPTED))
        .reduce((a, b) => a | b, 0);
      return (row) => ((table.has[row] ?? 0) & bits) !== 0;
    }
    case "owner":
      return ownerTest(condition.field, condition.patterns, table, hosts);
    case "amount": {
      const measure = measureOf(table.traffic, condition.measure);
      if (condition.measure === "flows" && table.traffic[0].flows === undefined) return () => false;
      return (row) => condition.limits.some((limit) => isWithin(limit, measure(row)));
    }
    case "is": {
      const tests = condition.marks.map((mark) => markTest(term, mark, table, marks));
      return (row) => tests.some((test) => test(row));
    }
    case "finding": {
      if (marks.findings === undefined)
        throw new WhereError(term.text, term.position, "no finding:, for there are no findings here");
      const rows = new Set(
        marks.findings.filter(({ id }) => condition.ids.includes(id)).flatMap((finding) => finding.rows),
      );
      return (row) => rows.has(row);
    }
    case "time":
    default: {
      const { first, last } = table;
      if (condition.bound === "after") return (row) => (last?.[row] ?? -Infinity) > condition.seconds;
      return (row) => (first?.[row] ?? Infinity) < condition.seconds;
    }
  }
}

/** Whether one of those who logged a row, or one of its ends, belongs to it. */
function ownerTest(
  field: HostField,
  patterns: readonly string[],
  table: Conversations,
  hosts: Hosts,
): RowTest {
  const ends = patterns.map((pattern) => ({ field, pattern }));
  const isEnd = addressTest(ends, table.values, hosts);
  const matchers = patterns.map(matcherOf);
  const loggers = Uint8Array.from({ length: table.loggers.size }, (_, logger) => {
    const text = hosts.fieldOfLogger(field, logger);
    return text !== undefined && matchers.some((matches) => matches(text)) ? 1 : 0;
  });
  const { loggedFrom, loggedBy } = table;
  return (row) => {
    if (isEnd(table.client[row] ?? NONE) || isEnd(table.server[row] ?? NONE)) return true;
    const to = loggedFrom[row + 1] ?? 0;
    for (let at = loggedFrom[row] ?? 0; at < to; at++) if (loggers[loggedBy[at] ?? 0] === 1) return true;
    return false;
  };
}

function isWithin({ comparison, value }: Limit, amount: number): boolean {
  switch (comparison) {
    case ">":
      return amount > value;
    case ">=":
      return amount >= value;
    case "<":
      return amount < value;
    case "<=":
      return amount <= value;
    case "=":
    default:
      return amount === value;
  }
}

function markTest(term: Term, mark: Mark, table: Conversations, marks: Marks): RowTest {
  switch (mark) {
    case "rejected":
      return (row) => ((table.has[row] ?? 0) & HAS_REJECTED) !== 0;
    case "served":
      return (row) => table.served[row] === 1;
    case "flagged": {
      const { flaggedBy } = marks;
      if (flaggedBy === undefined)
        throw new WhereError(term.text, term.position, "no is:flagged, for there are no findings here");
      return (row) => (flaggedBy[row] ?? 0) > 0;
    }
    case "new":
    case "gone":
    case "changed":
    case "same":
    default: {
      const { status } = marks;
      if (status === undefined)
        throw new WhereError(
          term.text,
          term.position,
          `is:${mark} only together with against=, the window to compare with`,
        );
      const code = STATUSES.indexOf(mark);
      return (row) => status[row] === code;
    }
  }
}
