import { z } from "zod";
import { GraphId } from "./graph-id.js";
import { Scope } from "./scope.js";
import type { GraphRef } from "./window.js";

const count = z.int().nonnegative();

/** Which findings were told to whoever wants to know of new ones. */
const Told = z.object({
  /** Stored bytes of the graph whose findings have all been told. Left out while there may be more. */
  size: count.optional(),
  /** The end of the last window that had each finding, by the finding's id. */
  seen: z.record(z.string(), z.string()),
});
export type Told = z.infer<typeof Told>;

/** What the list of graphs says of one. Every number is left out that isn't known. */
export const Entry = z.object({
  id: GraphId,
  start: z.string(),
  stop: z.string(),
  /** The part of the flow logs that the graph is of; without it, all. */
  scope: Scope.optional(),
  /** Stored bytes of the graph that the rest is of: of another making it says nothing. */
  size: count,
  nodes: count.optional(),
  edges: count.optional(),
  /** Of the DOT, expanded. */
  bytes: count.optional(),
  /** Edges whose action is REJECT. */
  rejected: count.optional(),
  /** Whether AWS lost records of the window. */
  incomplete: z.boolean().optional(),
  /** Whether its edges are kept as a table beside it. */
  table: z.boolean().optional(),
  /** How many findings of each severity it has. Left out until somebody has looked. */
  findings: z.object({ high: count, medium: count, low: count }).optional(),
  /** Not shown: it is kept here since an entry goes with its graph. */
  told: Told.optional(),
});
export type Entry = z.infer<typeof Entry>;

/** Undefined for what isn't an entry. */
export function parseEntry(text: string): Entry | undefined {
  try {
    return Entry.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Minutes since 1970 at the end of all windows. */
const LAST_MINUTE = Date.UTC(9999, 11, 31, 23, 59) / 60_000;
const DIGITS = 10;
const KEY = /^(\d{10})-(\d{10})-([^.]+)$/;

/** Minutes from a time to the last one: the later a time is, the sooner its text comes in the order of keys. */
function untilLast(date: Date): string {
  return String(LAST_MINUTE - Math.floor(date.getTime() / 60_000)).padStart(DIGITS, "0");
}

function timeOf(minutesUntilLast: string): string {
  return new Date((LAST_MINUTE - Number(minutesUntilLast)) * 60_000).toISOString().replace(".000Z", "Z");
}

/**
 * Names an entry. Stores list keys in their order, which is that of the list: the window that ends last comes first, of those that
 * end together the one that begins last. A key says which graph it is of, so that whoever lists them need not read them.
 */
export function keyOf({ id, start, stop }: GraphRef): string {
  return `${untilLast(new Date(stop))}-${untilLast(new Date(start))}-${id}`;
}

/** Undefined for what isn't the key of an entry. A key has the id of a graph's scope, not the scope. */
export function refOf(key: string): GraphRef | undefined {
  const [, stop, start, text] = KEY.exec(key) ?? [];
  const id = GraphId.safeParse(text);
  if (stop === undefined || start === undefined || !id.success) return undefined;
  const ref = { id: id.data, start: timeOf(start), stop: timeOf(stop) };
  // Only years of four digits are written by `timeOf` as they are read.
  return keyOf(ref) === key ? ref : undefined;
}

/** Which part of the list is asked for. */
export interface EntryQuery {
  /** The key of the entry that comes right before. */
  readonly after?: string | undefined;
  /** Windows that end later than this. */
  readonly from?: Date | undefined;
  /** Windows that end at this time or sooner. */
  readonly to?: Date | undefined;
  /** 1 at least. */
  readonly limit: number;
}

export interface EntryPage {
  readonly refs: readonly GraphRef[];
  /** What to ask for as `after` to get the next page; undefined: there is none. */
  readonly next: string | undefined;
}

/** The keys that a query asks for lie between these two, and are neither. */
export function rangeOf({ after = "", from, to }: EntryQuery): { above: string; below: string } {
  const first = to === undefined ? "" : untilLast(to);
  // What comes after all digits.
  return { above: after > first ? after : first, below: from === undefined ? ":" : untilLast(from) };
}

/** The page that keys, in order and one more than the limit if there are so many, amount to. */
export function pageOf(keys: readonly string[], limit: number): EntryPage {
  const shown = keys.slice(0, limit);
  return {
    refs: shown.flatMap((key) => refOf(key) ?? []),
    next: keys.length > limit ? shown.at(-1) : undefined,
  };
}

/** How many of these names, or keys, are of graphs that have no entry. */
export function countUnlisted(names: readonly string[], listed: ReadonlySet<string | undefined>): number {
  const ids = names.filter((name) => name.endsWith(".dot")).map((name) => name.slice(0, -".dot".length));
  return ids.filter((id) => GraphId.safeParse(id).success && !listed.has(id)).length;
}
