import { newInt64s, type Int64s } from "../edges/int64.js";
import { NumberSet } from "../edges/number-set.js";
import {
  NONE,
  OPTIONAL_COLUMNS,
  optionalColumnsOf,
  newNames,
  REJECT,
  SERVER_RULES,
  SERVERS,
  textOf,
  type EdgeBatch,
  type OptionalColumn,
} from "../edges/table.js";
import { AddressValues } from "./address-values.js";
import {
  CLIENT_ACCEPTED,
  CLIENT_REJECTED,
  SERVER_ACCEPTED,
  SERVER_REJECTED,
  TRAFFIC_KINDS,
  type Conversations,
  type TrafficKind,
} from "./conversations.js";
import { withRoom } from "../flow-log/room.js";
import { LoggerTable } from "./loggers.js";
import { Sums } from "./sums.js";
import { addTotals, NO_TOTALS, totalsOf, type Totals } from "./totals.js";
import { larger, moreRows, Triples } from "./triples.js";

const BY_SOURCE = SERVERS.indexOf("src");
const BY_DESTINATION = SERVERS.indexOf("dst");
const LOWER = SERVER_RULES.indexOf("lower");
const SERVED = 1 << 24;
const KINDS = TRAFFIC_KINDS.length;

/**
 * The conversations of a graph. Memory: some 150 bytes for each, beside what `names` takes.
 *
 * @throws CorruptInputError when a sum is beyond 2^63-1, or whatever reading the edges fails with
 */
export async function converse(edges: AsyncIterable<EdgeBatch>): Promise<Conversations> {
  let builder: Builder | undefined;
  for await (const batch of edges) {
    builder ??= new Builder(batch, true);
    builder.add(batch);
  }
  return (builder ?? new Builder(undefined, true)).finish();
}

/** The edges as they are stored, a row each, nothing merged or left out, in the same columns. */
export interface Stored {
  readonly rows: Conversations;
  readonly conversations: Conversations;
  /** By row: the conversation that it belongs to. */
  readonly conversationOf: Int32Array;
}

/** As `converse`, with the edges beside the conversations: some 150 bytes for each edge. */
export async function converseAndStore(edges: AsyncIterable<EdgeBatch>): Promise<Stored> {
  let builders: { merged: Builder; rows: Builder } | undefined;
  let conversationOf = new Int32Array(0);
  let size = 0;
  for await (const batch of edges) {
    builders ??= { merged: new Builder(batch, true), rows: new Builder(batch, false) };
    conversationOf = withRoom(conversationOf, size + batch.rows);
    builders.merged.add(batch, conversationOf.subarray(size));
    builders.rows.add(batch);
    size += batch.rows;
  }
  const { merged, rows } = builders ?? {
    merged: new Builder(undefined, true),
    rows: new Builder(undefined, false),
  };
  return {
    rows: rows.finish(),
    conversations: merged.finish(),
    conversationOf: conversationOf.slice(0, size),
  };
}

class Builder {
  readonly #isMerged: boolean;
  readonly #columns: ReadonlySet<OptionalColumn>;
  readonly #unknown: readonly OptionalColumn[];
  readonly #names;
  readonly #values;
  readonly #loggers;
  /** Client, server, and what they use: `SERVED`, protocol and port in one. */
  readonly #keys = new Triples();
  #rows = 0;
  #serverBy = new Uint8Array(0);
  readonly #traffic: Readonly<Record<TrafficKind, Sums>>;
  #has = new Uint8Array(0);
  #edges = new Uint32Array(0);
  #flags: [Int16Array, Int16Array];
  #tellsFlags = false;
  #first = new Float64Array(0);
  #last = new Float64Array(0);
  #active: Int64s = newInt64s(0);
  /** By row and kind: 1 + the logger whose sums are in `#traffic`. */
  #owner = new Int32Array(0);
  /** What other loggers saw of a row and kind. */
  readonly #others = new Triples();
  readonly #otherSums: Sums;
  #stored: Totals;

  /** @param first batch of the graph: all of them tell the same */
  constructor(first: EdgeBatch | undefined, isMerged: boolean) {
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
  }

  /** @param rows where the row of each edge is written to */
  add(batch: EdgeBatch, rows?: Int32Array): void {
    for (let i = 0; i < batch.rows; i++) {
      const row = this.#addEdge(batch, i);
      if (rows !== undefined) rows[i] = row;
    }
    this.#stored = addTotals(this.#stored, totalsOf(batch, batch.rows));
  }

  #addEdge(batch: EdgeBatch, i: number): number {
    const source = batch.source[i] ?? NONE;
    const destination = batch.destination[i] ?? NONE;
    const { server, port, by } = servingEnd(batch, i);
    const isServed = server !== 0;
    const isFromServer = isServed ? server === BY_SOURCE : this.#values.compare(source, destination) > 0;
    const client = isFromServer ? destination : source;
    const serving = isFromServer ? source : destination;
    const service = (isServed ? SERVED : 0) | ((batch.protocol[i] ?? 0) << 16) | port;
    const keys = this.#keys;
    const row = this.#isMerged ? keys.add(client, serving, service) : keys.push(client, serving, service);
    const isNew = row === this.#rows;
    if (isNew) {
      this.#rows++;
      if (row === this.#has.length) this.#makeRoom(moreRows(row));
    }
    const kind = kindOf(isFromServer, batch.action[i] === REJECT);
    this.#has[row] = (this.#has[row] ?? 0) | (1 << kind);
    this.#edges[row] = (this.#edges[row] ?? 0) + 1;
    const known = this.#serverBy[row] ?? 0;
    // Rules in the order of their codes; 0 is none.
    if (by !== 0 && (known === 0 || by < known)) this.#serverBy[row] = by;
    this.#mergeFlags(batch, i, row, isFromServer ? 1 : 0);
    this.#mergeTimes(batch, i, row, isNew);
    this.#count(batch, i, row, kind);
    return row;
  }

  #count(batch: EdgeBatch, i: number, row: number, kind: TrafficKind): void {
    const logger = this.#loggers.add(batch, i);
    const slot = KINDS * row + kind;
    const owner = this.#owner[slot] ?? 0;
    if (owner === 0) this.#owner[slot] = logger + 1;
    if (owner === 0 || owner === logger + 1) this.#traffic[kind].add(row, batch, i);
    else {
      const other = this.#others.add(slot, logger, 0);
      this.#otherSums.makeRoom(other + 1);
      this.#otherSums.add(other, batch, i);
    }
  }

  #mergeFlags(batch: EdgeBatch, i: number, row: number, end: 0 | 1): void {
    if (batch.tcpFlags === undefined) return;
    const flags = batch.tcpFlags[i] ?? NONE;
    if (flags === NONE) return;
    this.#tellsFlags = true;
    const column = this.#flags[end];
    const known = column[row] ?? NONE;
    column[row] = known === NONE ? flags : known | flags;
  }

  #mergeTimes(batch: EdgeBatch, i: number, row: number, isNew: boolean): void {
    if (batch.first !== undefined) {
      const first = batch.first[i] ?? 0;
      if (isNew || first < (this.#first[row] ?? 0)) this.#first[row] = first;
    }
    if (batch.last !== undefined) {
      const last = batch.last[i] ?? 0;
      if (isNew || last > (this.#last[row] ?? 0)) this.#last[row] = last;
    }
    if (batch.active !== undefined) {
      this.#active[2 * row] = (this.#active[2 * row] ?? 0) | (batch.active[2 * i] ?? 0);
      this.#active[2 * row + 1] = (this.#active[2 * row + 1] ?? 0) | (batch.active[2 * i + 1] ?? 0);
    }
  }

  #makeRoom(rows: number): void {
    const before = this.#has.length;
    this.#serverBy = larger(this.#serverBy, new Uint8Array(rows));
    this.#has = larger(this.#has, new Uint8Array(rows));
    this.#edges = larger(this.#edges, new Uint32Array(rows));
    this.#owner = larger(this.#owner, new Int32Array(KINDS * rows));
    for (const kind of TRAFFIC_KINDS) this.#traffic[kind].makeRoom(rows);
    if (this.#columns.has("tcpFlags")) {
      const [client, server] = this.#flags;
      this.#flags = [larger(client, new Int16Array(rows)), larger(server, new Int16Array(rows))];
      for (const column of this.#flags) column.fill(NONE, before);
    }
    if (this.#columns.has("first")) this.#first = larger(this.#first, new Float64Array(rows));
    if (this.#columns.has("last")) this.#last = larger(this.#last, new Float64Array(rows));
    if (this.#columns.has("active")) this.#active = larger(this.#active, newInt64s(rows));
  }

  finish(): Conversations {
    const rows = this.#rows;
    const { loggedFrom, loggedBy } = this.#whoLogged();
    const loggedTwice = this.#keepTheMost();
    const { a: client, b: server, c: service } = this.#keys;
    const [clientFlags, serverFlags] = this.#flags;
    const traffic = [
      this.#traffic[CLIENT_ACCEPTED].finish(rows),
      this.#traffic[CLIENT_REJECTED].finish(rows),
      this.#traffic[SERVER_ACCEPTED].finish(rows),
      this.#traffic[SERVER_REJECTED].finish(rows),
    ] as const;
    return {
      names: this.#names,
      values: this.#values,
      size: rows,
      client: client.slice(0, rows),
      server: server.slice(0, rows),
      ...servicesOf(service, rows),
      serverBy: this.#serverBy.slice(0, rows),
      traffic,
      has: this.#has.slice(0, rows),
      edges: this.#edges.slice(0, rows),
      clientFlags: this.#tellsFlags ? clientFlags.slice(0, rows) : undefined,
      serverFlags: this.#tellsFlags ? serverFlags.slice(0, rows) : undefined,
      first: this.#columns.has("first") ? this.#first.slice(0, rows) : undefined,
      last: this.#columns.has("last") ? this.#last.slice(0, rows) : undefined,
      active: this.#columns.has("active") ? this.#active.slice(0, 2 * rows) : undefined,
      loggers: this.#loggers.finish(),
      loggedFrom,
      loggedBy,
      loggedTwice,
      edgesLoggedTwice: this.#others.size,
      stored: this.#stored,
      counted: traffic.map((sums) => totalsOf(sums, rows)).reduce(addTotals),
      unknown: this.#unknownColumns(),
    };
  }

  #unknownColumns(): readonly OptionalColumn[] {
    // In Parquet there is a column of flags that no row may have.
    const hasNone = this.#columns.has("tcpFlags") && !this.#tellsFlags && this.#rows > 0;
    return hasNone ? [...this.#unknown, "tcpFlags"] : this.#unknown;
  }

  #whoLogged(): { loggedFrom: Uint32Array; loggedBy: Int32Array } {
    const { a: slots, b: loggers } = this.#others;
    const owner = this.#owner;
    const isOwner = (row: number, logger: number, before: number = KINDS): boolean => {
      for (let kind = 0; kind < before; kind++) if (owner[KINDS * row + kind] === logger + 1) return true;
      return false;
    };
    const further = new Triples();
    for (let other = 0; other < this.#others.size; other++) {
      const row = Math.floor((slots[other] ?? 0) / KINDS);
      const logger = loggers[other] ?? 0;
      if (!isOwner(row, logger)) further.add(row, logger, 0);
    }
    const loggedFrom = new Uint32Array(this.#rows + 1);
    const eachOwner = (visit: (row: number, logger: number) => void): void => {
      for (let slot = 0; slot < KINDS * this.#rows; slot++) {
        const logger = (owner[slot] ?? 0) - 1;
        if (logger < 0) continue;
        const row = Math.floor(slot / KINDS);
        if (!isOwner(row, logger, slot % KINDS)) visit(row, logger);
      }
    };
    const countOne = (row: number): void => {
      loggedFrom[row + 1] = (loggedFrom[row + 1] ?? 0) + 1;
    };
    eachOwner(countOne);
    for (let i = 0; i < further.size; i++) countOne(further.a[i] ?? 0);
    for (let row = 0; row < this.#rows; row++) {
      loggedFrom[row + 1] = (loggedFrom[row + 1] ?? 0) + (loggedFrom[row] ?? 0);
    }
    const loggedBy = new Int32Array(loggedFrom[this.#rows] ?? 0);
    const next = loggedFrom.slice();
    const put = (row: number, logger: number): void => {
      const at = next[row] ?? 0;
      loggedBy[at] = logger;
      next[row] = at + 1;
    };
    eachOwner(put);
    for (let i = 0; i < further.size; i++) put(further.a[i] ?? 0, further.b[i] ?? 0);
    return { loggedFrom, loggedBy };
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

function kindOf(isFromServer: boolean, isRejected: boolean): TrafficKind {
  if (isFromServer) return isRejected ? SERVER_REJECTED : SERVER_ACCEPTED;
  return isRejected ? CLIENT_REJECTED : CLIENT_ACCEPTED;
}

/** Which end of an edge serves, on which port, and the rule that says so. */
function servingEnd(batch: EdgeBatch, i: number): { server: number; port: number; by: number } {
  const sourcePort = batch.sourcePort[i] ?? 0;
  const destinationPort = batch.destinationPort[i] ?? 0;
  if (batch.server !== undefined) {
    const server = batch.server[i] ?? 0;
    const port = server === 0 ? 0 : server === BY_SOURCE ? sourcePort : destinationPort;
    return { server, port, by: batch.serverBy?.[i] ?? 0 };
  }
  // A DOT has 0 for the end that doesn't serve. Whoever made one with both ports left it to the lower one.
  if (sourcePort === 0 && destinationPort === 0) return { server: 0, port: 0, by: 0 };
  const by = sourcePort === 0 || destinationPort === 0 ? 0 : LOWER;
  return destinationPort === 0 || (sourcePort !== 0 && sourcePort < destinationPort)
    ? { server: BY_SOURCE, port: sourcePort, by }
    : { server: BY_DESTINATION, port: destinationPort, by };
}

function servicesOf(services: Int32Array, rows: number): Pick<Conversations, "protocol" | "port" | "served"> {
  const protocol = new Uint8Array(rows);
  const port = new Uint16Array(rows);
  const served = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const service = services[row] ?? 0;
    protocol[row] = service >>> 16;
    port[row] = service;
    served[row] = service >>> 24;
  }
  return { protocol, port, served };
}
