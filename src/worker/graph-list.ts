import { setTimeout as delay } from "node:timers/promises";
import { uninterrupted } from "../deadline.js";
import { type Entry, type EntryPage, type EntryQuery, keyOf, type Told } from "../entry.js";
import { DependencyError } from "../errors.js";
import { Job } from "../job.js";
import type { Scope } from "../scope.js";
import type { EntryStorage, GraphInfo, Storage } from "../storage/storage.js";
import type { GraphId, GraphRef } from "../window.js";
import type { Claims } from "./claims.js";
import { type CountedEdges, countEdges } from "./count-edges.js";
import { type HeldClaim, LostClaimError } from "./held-claim.js";

/** What the list tells of a stored graph. */
export interface ListedGraph extends GraphRef, Partial<Omit<Entry, keyof GraphRef | "told">> {
  /** When it was made. */
  readonly modified: Date;
}

/** Which part of the list is asked for: of all graphs, or of those of one scope. */
export interface ListQuery extends EntryQuery {
  readonly scope?: Scope | undefined;
}

export interface ListedPage {
  readonly graphs: readonly ListedGraph[];
  /** What to ask for as `after` to get the next page; undefined: there is none. */
  readonly next: string | undefined;
}

export interface GraphListOptions {
  readonly storage: Storage;
  readonly claims: Claims;
  /** The list isn't as it should be; somebody who meets it later tries again. */
  readonly onFailure: (ref: GraphRef, error: unknown) => void;
}

/** Graphs that a page looks at together. */
const LOOKS = 16;
/** Keys that are looked through at once for those of a scope, and how often for one page of the list. */
const KEYS = 1000;
const KEY_PAGES = 20;
/** Bytes of a table that is read for the numbers of its graph when it has none: about a second's work. */
const MAX_COUNTED_BYTES = 4 * 1024 * 1024;
/** Graphs that are remembered to have an entry, and such that wait to be given one. */
const MAX_KNOWN = 10_000;
const MAX_WAITING = 100;
/** How long the count of graphs without an entry is good. */
const COUNT_MS = 60_000;
const PUT_ATTEMPTS = 3;
const PUT_PAUSE_MS = 500;

/**
 * Keeps the list of graphs true. The entry of a graph is written after the graph, by the job that made it, and before the job's
 * claim is released: a job that is killed in between is done again, finds the graph and writes the entry. An entry is removed after
 * its graph, under the graph's claim. What goes wrong all the same is mended by whoever meets it: a graph without an entry where
 * somebody names its window, an entry without a graph where somebody lists it.
 */
export class GraphList {
  readonly #options: GraphListOptions;
  readonly #entries: EntryStorage | undefined;
  /** Graphs that have an entry, those met last at the end. */
  readonly #known = new Set<GraphId>();
  readonly #stopping = new AbortController();
  #waiting = 0;
  #mending: Promise<void> = Promise.resolve();
  #adding: Promise<void> = Promise.resolve();
  #count: { readonly at: number; readonly of: Promise<number | undefined> } | undefined;

  constructor(options: GraphListOptions) {
    this.#options = options;
    this.#entries = options.storage.entries;
  }

  /** Whether the storage keeps a list. */
  get isKept(): boolean {
    return this.#entries !== undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the service is stopping"));
    await this.#mending;
  }

  /**
   * To be called when a job has stored its graph, before it releases its claim. Never rejects: the graph is made, and its entry is
   * written when somebody meets it without.
   */
  async made(entry: Entry, claim: HeldClaim, signal: AbortSignal): Promise<void> {
    await this.#orReport(entry, async () => {
      for (let attempt = 1; this.#entries !== undefined; attempt++) {
        try {
          // What was told of the making before isn't told again.
          const told = await this.told(entry, signal);
          await claim.fence();
          await this.#put({ ...entry, ...(told && { told }) }, signal);
          return;
        } catch (error) {
          // Whoever has the claim now finds the graph, or makes it again.
          if (error instanceof LostClaimError) return;
          const passing = error instanceof DependencyError && error.transient;
          if (!passing || attempt === PUT_ATTEMPTS || signal.aborted) throw error;
        }
        await delay(PUT_PAUSE_MS * attempt, undefined, { signal });
      }
    });
  }

  /** Gives a graph that is there its entry, unless it has one. Never rejects. */
  async ensure(ref: GraphRef, graph: GraphInfo, signal: AbortSignal): Promise<void> {
    await this.#orReport(ref, async () => {
      if (this.#entries === undefined || this.#known.has(ref.id)) return;
      if ((await this.#entries.get(ref, signal)) === undefined) await this.#mend(ref, graph, signal);
      this.#know(ref.id);
    });
  }

  /** As `ensure`, later and if there is time: for whoever has no wish to wait. */
  met(ref: GraphRef, graph: GraphInfo): void {
    const { id } = ref;
    if (!this.isKept || this.#known.has(id) || this.#waiting >= MAX_WAITING) return;
    // Only once, however often it is asked for meanwhile.
    this.#know(id);
    this.#waiting++;
    const { signal } = this.#stopping;
    const mend = async (before: Promise<void>) => {
      await before;
      this.#waiting--;
      this.#known.delete(id);
      if (!signal.aborted) await this.ensure(ref, graph, signal);
    };
    // One after the other: nobody waits for them.
    this.#mending = mend(this.#mending);
  }

  /**
   * Adds to what the list tells of a graph, for whoever has read this making of it.
   *
   * @param size stored bytes of the graph that was read: of another making it says nothing
   */
  async tell(ref: GraphRef, size: number, more: Partial<Entry>): Promise<void> {
    await this.#orReport(ref, () => this.add(ref, size, more, this.#stopping.signal));
  }

  /** As `tell`, for whoever has to know whether it was written. @throws DependencyError */
  async add(ref: GraphRef, size: number, more: Partial<Entry>, signal: AbortSignal): Promise<void> {
    const write = async () => {
      const entry = await this.#entries?.get(ref, signal);
      const known = entry?.size === size ? entry : entry?.told && { told: entry.told };
      if (this.#entries !== undefined) await this.#put({ ...known, ...more, ...named(ref), size }, signal);
    };
    // One after the other: each writes what it has read.
    const written = this.#adding.then(write);
    this.#adding = written.catch(() => undefined);
    return written;
  }

  /** Which findings of a graph were told. */
  async told(ref: GraphRef, signal: AbortSignal): Promise<Told | undefined> {
    return (await this.#entries?.get(ref, signal))?.told;
  }

  /** A page of the list, which may have fewer graphs than the limit. Undefined: the storage keeps none. */
  async page({ scope, ...query }: ListQuery, signal: AbortSignal): Promise<ListedPage | undefined> {
    const entries = this.#entries;
    if (entries === undefined) return undefined;
    const page = scope === undefined ? entries.list(query, signal) : ofScope(entries, scope, query, signal);
    const { refs, next } = await page;
    const listed: (ListedGraph | undefined)[] = [];
    const rest = refs.entries();
    const look = async () => {
      for (const [place, ref] of rest) listed[place] = await this.#listed(ref, entries, signal);
    };
    await Promise.all(Array.from({ length: LOOKS }, look));
    return { graphs: listed.flatMap((graph) => graph ?? []), next };
  }

  /**
   * Graphs whose window ended at this time or before, the latest first.
   *
   * @throws DependencyError, also when the storage can't list or remove graphs
   */
  async *ended(to: Date, limit: number, signal: AbortSignal): AsyncGenerator<GraphRef> {
    if (this.#entries === undefined || this.#options.storage.remove === undefined) {
      throw new DependencyError("storage", "the storage can't list and remove graphs", { transient: false });
    }
    let after: string | undefined;
    do {
      const page = await this.#entries.list({ to, limit, after }, signal);
      yield* page.refs;
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * Removes a graph with all that belongs to it. False: it is being made, or removed by another process.
   *
   * @throws DependencyError: what is left is removed by the next call
   */
  remove(ref: GraphRef): Promise<boolean> {
    return this.#remove(ref, () => Promise.resolve(true));
  }

  /** How many graphs aren't listed, since nobody has named their window, as of a minute ago at most. Undefined: too many to count. */
  async unlisted(): Promise<number | undefined> {
    const now = performance.now();
    if (this.#count !== undefined && now - this.#count.at < COUNT_MS) return this.#count.of;
    // Not the caller's signal: others wait for the same.
    const of = this.#entries?.unlisted(this.#stopping.signal) ?? Promise.resolve(undefined);
    this.#count = { at: now, of };
    try {
      return await of;
    } catch (error) {
      this.#count = undefined;
      throw error;
    }
  }

  async #listed(ref: GraphRef, entries: EntryStorage, signal: AbortSignal): Promise<ListedGraph | undefined> {
    const { storage } = this.#options;
    const [entry, graph] = await Promise.all([entries.get(ref, signal), storage.head(ref.id, signal)]);
    if (graph === undefined) {
      // Somebody may make it meanwhile.
      const isGone = async () => (await storage.head(ref.id, uninterrupted())) === undefined;
      await this.#orReport(ref, async () => void (await this.#remove(ref, isGone)));
      return undefined;
    }
    const scope = entry?.scope;
    // Whose entry can't be read, and whose key says that it isn't of all flow logs: nobody could ask for it.
    if (!isOf(ref, scope)) return undefined;
    // What was counted of another making isn't told of this one.
    const { told: _, ...counted } = entry?.size === graph.size ? entry : {};
    return { ...counted, ...named({ ...ref, scope }), size: graph.size, modified: graph.modified };
  }

  /** Under the graph's claim, so that nobody makes it meanwhile: the graph first, its entry last. */
  async #remove(ref: GraphRef, mayGo: () => Promise<boolean>): Promise<boolean> {
    const { storage, claims } = this.#options;
    // Not interrupted: it would leave the claim to lapse.
    const signal = uninterrupted();
    const claim = await claims.hold(ref, signal);
    if (claim === undefined) return false;
    try {
      if (!(await mayGo())) return false;
      await claim.fence();
      await storage.remove?.(ref.id, signal);
      await claim.fence();
      await this.#entries?.remove(ref, signal);
      this.#known.delete(ref.id);
      return true;
    } finally {
      await claim.release();
    }
  }

  /** What isn't known is left out: whoever answers questions about the graph may tell it later. */
  async #mend(ref: GraphRef, { size }: GraphInfo, signal: AbortSignal): Promise<void> {
    await this.#put({ ...named(ref), size, ...(await this.#counted(ref, signal)) }, signal);
  }

  async #counted(ref: GraphRef, signal: AbortSignal): Promise<CountedEdges | undefined> {
    const file = await this.#options.storage.edges?.open(ref.id, signal);
    try {
      return file && file.size <= MAX_COUNTED_BYTES ? await countEdges(file, signal) : undefined;
    } catch (error) {
      signal.throwIfAborted();
      // A graph whose edges can't be read is there all the same.
      this.#options.onFailure(ref, error);
      return undefined;
    } finally {
      await file?.close();
    }
  }

  async #put(entry: Entry, signal: AbortSignal): Promise<void> {
    await this.#entries?.put(entry, signal);
    this.#know(entry.id);
  }

  #know(id: GraphId): void {
    this.#known.delete(id);
    this.#known.add(id);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  async #orReport(ref: GraphRef, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.onFailure(ref, error);
    }
  }
}

/** What an entry says of its window. */
function named({ id, start, stop, scope }: GraphRef): Pick<Entry, "id" | "start" | "stop" | "scope"> {
  return { id, start, stop, ...(scope !== undefined && { scope }) };
}

/** Whether a graph is of this scope, by its id alone. */
function isOf(ref: GraphRef, scope: Scope | undefined): boolean {
  return Job.safeParse({ ...ref, scope }).success;
}

/** As `EntryStorage.list`, of the graphs of one scope. Where many others lie between them, it ends early. */
async function ofScope(
  entries: EntryStorage,
  scope: Scope,
  query: EntryQuery,
  signal: AbortSignal,
): Promise<EntryPage> {
  const found: GraphRef[] = [];
  let { after } = query;
  for (let pages = 0; pages < KEY_PAGES; pages++) {
    const { refs, next } = await entries.list({ ...query, after, limit: KEYS }, signal);
    for (const ref of refs) {
      if (!isOf(ref, scope)) continue;
      found.push(ref);
      if (found.length === query.limit) return { refs: found, next: keyOf(ref) };
    }
    after = next;
    if (after === undefined) break;
  }
  return { refs: found, next: after };
}
