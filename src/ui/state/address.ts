import { parametersOf, scopeOf } from "./scope.js";

/** What the page shows, all of it: what isn't here, a reload forgets. */
export interface Place {
  /** RFC 3339 in UTC. Undefined: no window is chosen yet. */
  readonly window: Window | undefined;
  /** The part of the flow logs that is looked at, as the API says it; empty: all. */
  readonly scope: string;
  readonly view: ViewKind;
  /** The API's `where`. */
  readonly where: string;
  /** Another window that this one is compared with. */
  readonly against: Window | undefined;
  /** Only what is near this host. */
  readonly around: string | undefined;
  readonly hops: "1" | "2";
  readonly selected: Selection | undefined;
  readonly by: Measure;
  /** Of the table, from 1. */
  readonly page: number;
  /** Groups that are shown one level finer, as the API's `open` has them. */
  readonly open: string;
  readonly zone: "utc" | "local";
}

export interface Window {
  readonly start: string;
  readonly stop: string;
}

export const VIEWS = ["map", "matrix", "table"] as const;
type ViewKind = (typeof VIEWS)[number];
const MEASURES = ["bytes", "packets", "flows"] as const;
export type Measure = (typeof MEASURES)[number];

const KINDS = ["host", "box", "line", "finding"] as const;

/** What the drawer is about. */
interface Selection {
  readonly kind: (typeof KINDS)[number];
  /** An address, the id of a box or a finding, or the key of a line. */
  readonly key: string;
}

/** Rows of a page of the table. */
export const PAGE_ROWS = 200;
const MOST_PAGES = 1_000_000;
/** What decides which rows there are: if it changes, one begins at the first page. */
const ROWS_OF = ["window", "scope", "where", "against", "around", "hops", "by"] as const;

/** A place with what changes; what isn't named stays. */
export function changed(place: Place, change: Partial<Place>): Place {
  const next = { ...place, ...change };
  const isSame = ROWS_OF.every((name) => next[name] === place[name]);
  return isSame ? next : { ...next, page: change.page ?? 1 };
}

export function parsePlace(search: string): Place {
  const parameters = new URLSearchParams(search);
  const oneOf = <T extends string>(name: string, words: readonly T[], usual: T): T =>
    words.find((word) => word === parameters.get(name)) ?? usual;
  const page = Number(parameters.get("page"));
  return {
    window: windowOf(parameters.get("start"), parameters.get("stop")),
    scope: scopeOf((part) => parameters.get(part)),
    view: oneOf("view", VIEWS, "map"),
    where: parameters.get("where") ?? "",
    against: parseAgainst(parameters.get("against")),
    around: parameters.get("around") ?? undefined,
    hops: oneOf("hops", ["1", "2"], "1"),
    selected: parseSelection(parameters.get("select") ?? ""),
    by: oneOf("by", MEASURES, "bytes"),
    page: Number.isInteger(page) && page > 1 && page <= MOST_PAGES ? page : 1,
    open: parameters.get("open") ?? "",
    zone: oneOf("zone", ["utc", "local"], "utc"),
  };
}

/** As `parsePlace` reads it; what is usual isn't written. */
export function searchOf(place: Place): string {
  const { window, scope, view, where, against, around, hops, selected, by, page, open, zone } = place;
  const parameters = new URLSearchParams();
  if (window !== undefined) {
    parameters.set("start", window.start);
    parameters.set("stop", window.stop);
  }
  for (const [part, values] of parametersOf(scope)) parameters.set(part, values);
  if (view !== "map") parameters.set("view", view);
  if (where !== "") parameters.set("where", where);
  if (against !== undefined) parameters.set("against", againstText(against));
  if (around !== undefined) {
    parameters.set("around", around);
    parameters.set("hops", hops);
  }
  if (selected !== undefined) parameters.set("select", `${selected.kind}:${selected.key}`);
  if (by !== "bytes") parameters.set("by", by);
  if (page !== 1) parameters.set("page", String(page));
  if (open !== "") parameters.set("open", open);
  if (zone !== "utc") parameters.set("zone", zone);
  const text = queryText(parameters);
  return text === "" ? "" : `?${text}`;
}

/** Colons, slashes and commas need no escape in a query, and times are easier to read with them. */
export function queryText(parameters: URLSearchParams): string {
  return parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
}

/** What names a graph to the API. */
export function graphParameters({ start, stop }: Window, scope: string): URLSearchParams {
  return new URLSearchParams([["start", start], ["stop", stop], ...parametersOf(scope)]);
}

export function againstText({ start, stop }: Window): string {
  return `${start}/${stop}`;
}

function parseAgainst(text: string | null): Window | undefined {
  const [start = null, stop = null, ...more] = text?.split("/") ?? [];
  return more.length > 0 ? undefined : windowOf(start, stop);
}

/** What isn't a time is left to the service, which says what is wrong with it. */
function windowOf(start: string | null, stop: string | null): Window | undefined {
  return start === null || stop === null || start === "" || stop === "" ? undefined : { start, stop };
}

function parseSelection(text: string): Selection | undefined {
  const colon = text.indexOf(":");
  const kind = KINDS.find((word) => word === text.slice(0, Math.max(colon, 0)));
  return kind === undefined || colon + 1 === text.length ? undefined : { kind, key: text.slice(colon + 1) };
}

/** The window of the same length right before this one, or after it. */
export function besideWindow({ start, stop }: Window, steps: number): Window | undefined {
  const [from, to] = [Date.parse(start), Date.parse(stop)];
  const ms = (to - from) * steps;
  if (!Number.isFinite(ms) || ms === 0) return undefined;
  return { start: timeText(new Date(from + ms)), stop: timeText(new Date(to + ms)) };
}

/** RFC 3339 in UTC, without a fraction. */
export function timeText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
