import { v5 as uuidv5, NIL } from "uuid";
import type { GraphId } from "./graph-id.js";
import type { Scope } from "./scope.js";

export type { GraphId };

/** Which graph, and of which window, as `TimeWindow` writes it. */
export interface GraphRef {
  readonly id: GraphId;
  readonly start: string;
  readonly stop: string;
  /** Undefined: the graph is of all flow logs, unless who tells this knows no more than the rest. */
  readonly scope?: Scope | undefined;
}

const MINUTE_MS = 60_000;
const NAMESPACE = uuidv5("graph", NIL);

// RFC 3339, upper case T and Z, fraction up to nanoseconds. A space stands for the "+" that an unescaped query string loses.
const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:Z|([+\- ])([01]\d|2[0-3]):([0-5]\d))$/;

function graphId(name: string): GraphId {
  // It has the form that the schema asks for.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return uuidv5(name, NAMESPACE) as GraphId;
}

/** A wrong window. The message is for the caller: it names the parameter and the rule. */
export class WindowError extends Error {
  override name = "WindowError";
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/**
 * The minute, in UTC, that an RFC 3339 time falls in.
 *
 * @throws WindowError when the text is no such time, or lies outside the years 1 to 9999 in UTC
 */
export function parseMinute(name: string, text: string | undefined): Date {
  if (text === undefined || text === "") {
    throw new WindowError(`${name} is missing: expected an RFC 3339 time such as 2019-06-01T00:00:00Z`);
  }
  const invalid = () =>
    new WindowError(`${name} must be an RFC 3339 time such as 2019-06-01T00:00:00Z, not ${quote(text)}`);
  const match = INSTANT.exec(text);
  if (match === null) throw invalid();
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number);
  if (year === undefined || month === undefined || day === undefined) throw invalid();
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date rolls 30 February over into March; RFC 3339 has no such day.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw invalid();
  const sign = match[7] === "-" ? -1 : 1;
  const offset = sign * (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0));
  date.setUTCHours(hour ?? 0, (minute ?? 0) - offset);
  // Go's zero year and anything five digits long have no name that both services agree on.
  if (date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999) throw invalid();
  return date;
}

/** `2019-06-01T00:00:00Z`: how windows are written in jobs, claims, logs and `Location`. */
function format(date: Date): string {
  return date.toISOString().replace(".000Z", "Z");
}

/** Go's `time.Time.String()` in UTC: what the Go service hashed, so that its graphs keep their ids. */
function goString(date: Date): string {
  return `${format(date).replace("T", " ").replace("Z", "")} +0000 UTC`;
}

/** What is to be known of a window by whoever reads its flow logs: plain data, which a thread can be given. */
export type PlainWindow = Pick<TimeWindow, "id" | "startDate" | "stopDate" | "scope">;

/**
 * A span of whole minutes in UTC, start before stop, and which part of its flow logs is meant. It can't hold anything
 * else.
 */
export class TimeWindow implements GraphRef {
  readonly id: GraphId;
  readonly start: string;
  readonly stop: string;
  readonly startDate: Date;
  readonly stopDate: Date;
  /** Undefined: all flow logs. */
  readonly scope: Scope | undefined;

  /** How long it is, in milliseconds. */
  get ms(): number {
    return this.stopDate.getTime() - this.startDate.getTime();
  }

  private constructor(start: Date, stop: Date, scope: Scope | undefined) {
    this.startDate = start;
    this.stopDate = stop;
    this.start = format(start);
    this.stop = format(stop);
    this.scope = scope;
    const name = goString(start) + goString(stop);
    this.id = graphId(scope === undefined ? name : `${name} ${scope}`);
  }

  /**
   * Reads a window as a caller wrote it, truncated down to the minute in UTC.
   *
   * @throws WindowError with a message for the caller
   */
  static parse(
    start: string | undefined,
    stop: string | undefined,
    maxMs = Number.POSITIVE_INFINITY,
  ): TimeWindow {
    const from = parseMinute("start", start);
    const to = parseMinute("stop", stop);
    if (from >= to) {
      throw new WindowError("start must be at least a minute before stop: both are cut down to the minute");
    }
    const ms = to.getTime() - from.getTime();
    if (ms > maxMs) {
      throw new WindowError(
        `stop is ${ms / MINUTE_MS} minutes after start: a window can be at most ${Math.floor(maxMs / MINUTE_MS)} minutes long`,
      );
    }
    return new TimeWindow(from, to, undefined);
  }

  /** So many windows of the same length right before, the latest first, as far back as 1970. */
  before(count: number): TimeWindow[] {
    const { startDate, ms, scope } = this;
    return Array.from({ length: count }, (_, n) => startDate.getTime() - n * ms)
      .filter((stop) => stop >= ms)
      .map((stop) => new TimeWindow(new Date(stop - ms), new Date(stop), scope));
  }

  /** The same span, of this part of the flow logs; undefined: of all of them. */
  within(scope: Scope | undefined): TimeWindow {
    return scope === this.scope ? this : new TimeWindow(this.startDate, this.stopDate, scope);
  }
}
