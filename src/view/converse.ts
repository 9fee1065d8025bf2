import { newInt64s, type Int64s } from "../edges/int64.js";
import { NumberSet } from "../edges/number-set.js";
import {
  NONE,
  OPTIONAL_COLUMNS,
  optionalColumnsOf,
  newNames,
  textOf,
  type EdgeBatch,
  type OptionalColumn,
} from "../edges/table.js";
import { withRoom } from "../flow-log/room.js";
import { AddressValues } from "./address-values.js";
import { larger, moreRows, trimmed } from "./capacity.js";
import {
  CLIENT_ACCEPTED,
  CLIENT_REJECTED,
  SERVER_ACCEPTED,
  SERVER_REJECTED,
  TRAFFIC_KINDS,
  type Conversations,
} from "./conversations.js";
import { loggedByOf } from "./logged-by.js";
import { LoggerTable } from "./loggers.js";
import { mergeBits, mergeGreatest, mergeLeast } from "./merge-columns.js";
import { Oriented, servicesOf } from "./orient.js";
import { RowsByKey } from "./rows-by-key.js";
import { Sums } from "./sums.js";
import { addTotals, NO_TOTALS, totalsOf, type Totals } from "./totals.js";
import { Triples } from "./triples.js";

const KINDS = TRAFFIC_KINDS.length;
const OTHER = KINDS;

/**
 * The conversations of a graph. Memory: some 150 bytes for each, beside what `names` takes.
 *
 * @param expected how many edges there are, where that is known: nothing has to grow then
 * @throws CorruptInputError when a sum is beyond 2^63-1, or whatever reading the edges fails with
 */
export async function converse(edges: AsyncIterable<EdgeBatch>, expected = 0): Promise<Conversations> {
  let builder: Builder | undefined;
  for await (const batch of edges) {
    builder ??= new Builder(batch, true, expected);
    builder.add(batch);
  }
  return (builder ?? new Builder(undefined, true, 0)).finish();
}

/** The edges as they are stored, a row each, nothing merged or left out, in the same columns. */
export interface Stored {
  readonly rows: Conversations;
  readonly conversations: Conversations;
  /** By row: the conversation that it belongs to. */
  readonly conversationOf: Int32Array;
}

/** As `converse`, with the edges beside the conversations: some 150 bytes for each edge. */
export async function converseAndStore(edges: AsyncIterable<EdgeBatch>, expected = 0): Promise<Stored> {
  let builders: { merged: Builder; rows: Builder } | undefined;
  let conversationOf = new Int32Array(expected);
  let size = 0;
  for await (const batch of edges) {
    builders ??= { merged: new Builder(batch, true, expected), rows: new Builder(batch, false, expected) };
    conversationOf = withRoom(conversationOf, size + batch.rows);
    conversationOf.set(builders.merged.add(batch), size);
    builders.rows.add(batch);
    size += batch.rows;
  }
  const { merged, rows } = builders ?? {
    merged: new Builder(undefined, true, 0),
    rows: new Builder(undefined, false, 0),
  };
  return {
    rows: rows.finish(),
    conversations: merged.finish(),
    conversationOf: trimmed(conversationOf, size),
  };
}

/** Adds edges a batch at a time, a column of it after the other: a row is a conversation, or an edge. */
class Builder {
  readonly #isMerged: boolean;
  readonly #columns: ReadonlySet<OptionalColumn>;
  readonly #unknown: readonly OptionalColumn[];
  readonly #names;
  readonly #values;
  readonly #loggers;
  readonly #oriented = new Oriented();
  /** Client, server and service. */
  readonly #keys: Triples;
  /** There is room for so many. */
  #room = 0;
  #serverBy = new Uint8Array(0);
  readonly #traffic: readonly [Sums, Sums, Sums, Sums];
  #has = new Uint8Array(0);
  #edges = new Uint32Array(0);
  #flags: [Int16Array, Int16Array];
  #tellsFlags = false;
  #first = new Float64Array(0);
  #last = new Float64Array(0);
  #active: Int64s = newInt64s(0);
  /** By row and kind: 1 + the logger whose sums are in `#traffic`. */
  #owner = new Int32Array(0);
  /** What other loggers saw: row and kind in one, and the logger. */
  readonly #others = new Triples();
  readonly #otherSums: Sums;
  #stored: Totals;
  /** Of the edges of a batch: the row, the logger, the row in `#otherSums`, and its kind, or `OTHER` if it is counted there. */
  #rowOf = new Int32Array(0);
  #loggerOf = new Int32Array(0);
  #otherOf = new Int32Array(0);
  #countedAs = new Int32Array(0);

  /** @param first batch of the graph: all of them tell the same */
  constructor(first: EdgeBatch | undefined, isMerged: boolean, expected: number) {
    this.#isMerged = isMerged;
    this.#names = first?.names ?? newNames();
    this.#values = new AddressValues(this.#names.addresses);
    const { values } = this.#names;
    this.#loggers = new LoggerTable((value) => textOf(values, value), this.#values);
    this.#columns = new Set(first === undefined ? [] : optionalColumnsOf(first));
    this.#unknown =
      first === undefined ? [] : OPTIONAL_COLUMNS.filter((column) => !this.#columns.has(column));
    const hasFlows = first === undefined || first.flows !== undefined;
    this.#traffic = [new Sums(hasFlows), new Sums(hasFlows), new Sums(hasFlows), new Sums(hasFlows)];
    this.#otherSums = new Sums(hasFlows);
    this.#flags = [new Int16Array(0), new Int16Array(0)];
    this.#stored = hasFlows ? NO_TOTALS : { ...NO_TOTALS, flows: undefined };
    this.#keys = new Triples(expected);
    this.#makeRoom(expected);
  }

  /** The row of each edge, valid until the next batch. */
  add(batch: EdgeBatch): Int32Array {
    const before = this.#keys.size;
    const rows = this.#addKeys(batch);
    this.#begin(before);
    this.#mergeKinds(rows);
    this.#mergeFlags(batch, rows);
    this.#mergeTimes(batch, rows);
    this.#count(batch, rows);
    this.#stored = addTotals(this.#stored, totalsOf(batch, batch.rows));
    return rows;
  }

  #addKeys(batch: EdgeBatch): Int32Array {
    const oriented = this.#oriented;
    oriented.set(batch, this.#values);
    const { client, server, service } = oriented;
    this.#rowOf = withRoom(this.#rowOf, batch.rows);
    const keys = this.#keys;
    if (this.#isMerged) keys.addAll(client, server, service, batch.rows, this.#rowOf);
    else keys.pushAll(client, server, service, batch.rows, this.#rowOf);
    return this.#rowOf.subarray(0, batch.rows);
  }

  /** New rows begin with what a merge changes nothing of, where that isn't 0. */
  #begin(before: number): void {
    const rows = this.#keys.size;
    if (rows > this.#room) this.#makeRoom(Math.max(rows, moreRows(this.#room)));
    if (this.#columns.has("tcpFlags")) for (const column of this.#flags) column.fill(NONE, before, rows);
    if (this.#columns.has("first")) this.#first.fill(Number.POSITIVE_INFINITY, before, rows);
  }

  #mergeKinds(rows: Int32Array): void {
    const { kind, by } = this.#oriented;
    const has = this.#has;
    const edges = this.#edges;
    const serverBy = this.#serverBy;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      has[row] = (has[row] ?? 0) | (1 << (kind[i] ?? 0));
      edges[row] = (edges[row] ?? 0) + 1;
      const known = serverBy[row] ?? 0;
      const rule = by[i] ?? 0;
      // Rules in the order of their codes; 0 is none.
      if (rule !== 0 && (known === 0 || rule < known)) serverBy[row] = rule;
    }
  }

  #mergeFlags({ tcpFlags }: EdgeBatch, rows: Int32Array): void {
    if (tcpFlags === undefined) return;
    const { kind } = this.#oriented;
    const [client, server] = this.#flags;
    let tells = false;
    for (let i = 0; i < rows.length; i++) {
      const flags = tcpFlags[i] ?? NONE;
      if (flags === NONE) continue;
      tells = true;
      const row = rows[i] ?? 0;
      const column = (kind[i] ?? 0) < SERVER_ACCEPTED ? client : server;
      const known = column[row] ?? NONE;
      column[row] = known === NONE ? flags : known | flags;
    }
    this.#tellsFlags ||= tells;
  }

  #mergeTimes(batch: EdgeBatch, rows: Int32Array): void {
    if (batch.first !== undefined) mergeLeast(this.#first, rows, batch.first);
    if (batch.last !== undefined) mergeGreatest(this.#last, rows, batch.last);
    if (batch.active !== undefined) mergeBits(this.#active, rows, batch.active);
  }

  /** Adds up each edge: in `#traffic`, where its logger was the first to log such, else in `#otherSums`. */
  #count(batch: EdgeBatch, rows: Int32Array): void {
    const { kind } = this.#oriented;
    const loggers = (this.#loggerOf = withRoom(this.#loggerOf, rows.length));
    this.#loggers.addAll(batch, loggers);
    const otherOf = (this.#otherOf = withRoom(this.#otherOf, rows.length));
    const countedAs = (this.#countedAs = withRoom(this.#countedAs, rows.length));
    const owners = this.#owner;
    for (let i = 0; i < rows.length; i++) {
      const slot = KINDS * (rows[i] ?? 0) + (kind[i] ?? 0);
      const logger = loggers[i] ?? 0;
      const owner = owners[slot] ?? 0;
      if (owner === 0) owners[slot] = logger + 1;
      const isOther = owner !== 0 && owner !== logger + 1;
      if (isOther) otherOf[i] = this.#others.add(slot, logger, 0);
      countedAs[i] = isOther ? OTHER : (kind[i] ?? 0);
    }
    const counted = new RowsByKey(countedAs.subarray(0, rows.length), KINDS + 1);
    for (const each of TRAFFIC_KINDS) this.#traffic[each].addSome(counted.of(each), rows, batch);
    this.#otherSums.makeRoom(this.#others.size);
    this.#otherSums.addSome(counted.of(OTHER), otherOf, batch);
  }

  #makeRoom(rows: number): void {
    this.#room = rows;
    this.#serverBy = larger(this.#serverBy, new Uint8Array(rows));
    this.#has = larger(this.#has, new Uint8Array(rows));
    this.#edges = larger(this.#edges, new Uint32Array(rows));
    this.#owner = larger(this.#owner, new Int32Array(KINDS * rows));
    for (const kind of TRAFFIC_KINDS) this.#traffic[kind].makeRoom(rows);
    if (this.#columns.has("tcpFlags")) {
      const [client, server] = this.#flags;
      this.#flags = [larger(client, new Int16Array(rows)), larger(server, new Int16Array(rows))];
    }
    if (this.#columns.has("first")) this.#first = larger(this.#first, new Float64Array(rows));
    if (this.#columns.has("last")) this.#last = larger(this.#last, new Float64Array(rows));
    if (this.#columns.has("active")) this.#active = larger(this.#active, newInt64s(rows));
  }

  finish(): Conversations {
    const { size, a: client, b: server, c: service } = this.#keys;
    const logged = loggedByOf(size, this.#owner, this.#others);
    const loggedTwice = this.#keepTheMost();
    const [clientFlags, serverFlags] = this.#flags;
    const traffic = [
      this.#traffic[CLIENT_ACCEPTED].finish(size),
      this.#traffic[CLIENT_REJECTED].finish(size),
      this.#traffic[SERVER_ACCEPTED].finish(size),
      this.#traffic[SERVER_REJECTED].finish(size),
    ] as const;
    return {
      names: this.#names,
      values: this.#values,
      size,
      client: trimmed(client, size),
      server: trimmed(server, size),
      ...servicesOf(service.subarray(0, size)),
      serverBy: trimmed(this.#serverBy, size),
      traffic,
      has: trimmed(this.#has, size),
      edges: trimmed(this.#edges, size),
      clientFlags: this.#tellsFlags ? trimmed(clientFlags, size) : undefined,
      serverFlags: this.#tellsFlags ? trimmed(serverFlags, size) : undefined,
      first: this.#columns.has("first") ? trimmed(this.#first, size) : undefined,
      last: this.#columns.has("last") ? trimmed(this.#last, size) : undefined,
      active: this.#columns.has("active") ? trimmed(this.#active, 2 * size) : undefined,
      loggers: this.#loggers.finish(),
      ...logged,
      loggedTwice,
      edgesLoggedTwice: this.#others.size,
      stored: this.#stored,
      counted: traffic.map((sums) => totalsOf(sums, size)).reduce(addTotals),
      unknown: this.#unknownColumns(),
    };
  }

  #unknownColumns(): readonly OptionalColumn[] {
    // In Parquet there is a column of flags that no row may have.
    const hasNone = this.#columns.has("tcpFlags") && !this.#tellsFlags && this.#keys.size > 0;
    return hasNone ? [...this.#unknown, "tcpFlags"] : this.#unknown;
  }

  /** Of each row and kind, keeps the sums of who saw the most. Returns how many rows had several. */
  #keepTheMost(): number {
    const twice = new NumberSet();
    let rows = 0;
    for (let other = 0; other < this.#others.size; other++) {
      const slot = this.#others.a[other] ?? 0;
      const row = Math.floor(slot / KINDS);
      if (twice.add(row)) rows++;
      for (const kind of TRAFFIC_KINDS) {
        if (kind === slot % KINDS) this.#traffic[kind].takeIfMore(row, this.#otherSums, other);
      }
    }
    return rows;
  }
}
