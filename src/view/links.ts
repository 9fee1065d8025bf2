import { bigInt64At, newInt64s, addInt64, type Int64s } from "../edges/int64.js";
import { BATCH_ROWS, NONE } from "../edges/table.js";
import {
  CLIENT_ACCEPTED,
  CLIENT_REJECTED,
  HAS_ACCEPTED,
  HAS_REJECTED,
  SERVER_ACCEPTED,
  SERVER_REJECTED,
  TRAFFIC_KINDS,
  type Conversations,
} from "./conversations.js";
import { larger } from "./capacity.js";
import { weightsOf } from "./measure.js";
import { mergeBits, mergeGreatest, mergeLeast } from "./merge-columns.js";
import { RowsByKey } from "./rows-by-key.js";
import { Sums, type SumColumns } from "./sums.js";
import { addTotals, totalsOf, type Totals } from "./totals.js";
import { Triples } from "./triples.js";

/** What an end sent over a link. */
interface Sent {
  readonly bytes: bigint;
  readonly packets: bigint;
  readonly rejectedBytes: bigint;
  readonly rejectedPackets: bigint;
}

export interface Service {
  readonly protocol: number;
  /** 0 where nobody serves. */
  readonly port: number;
}

/** What one link carries: a conversation, an edge as it is stored, or several of them. */
export interface LinkFacts {
  /** Whether one end serves. If none does, the link has no direction. */
  readonly served: boolean;
  /** The heaviest first, at most `MAX_SERVICES`. */
  readonly services: readonly Service[];
  /** How many more services there are. */
  readonly moreServices: number;
  /** How many rows: conversations, or edges. */
  readonly rows: number;
  /** Of them, those of which anything was rejected. */
  readonly rejectedRows: number;
  readonly client: Sent;
  readonly server: Sent;
  readonly accepted: boolean;
  readonly rejected: boolean;
  /** Undefined where the graph can't tell. */
  readonly flows: { readonly accepted: bigint; readonly rejected: bigint } | undefined;
  /** Seconds since 1970. Undefined where the graph can't tell. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Bit n: something ended in the n-th sixtieth of the window. */
  readonly active: bigint | undefined;
  /** How many rows of each status, by its code. Undefined where nothing was compared. */
  readonly statuses: readonly number[] | undefined;
  /** Bytes in the other window. */
  readonly before: bigint | undefined;
}

/** What is the same for all rows of a view. */
export interface RowFacts {
  readonly table: Conversations;
  readonly status: Uint8Array | undefined;
  readonly before: Int64s | undefined;
}

/** How many services of a link are named. */
const MAX_SERVICES = 5;

/** A link that is one row. */
export function rowLink({ table, status, before }: RowFacts, row: number): LinkFacts {
  const has = table.has[row] ?? 0;
  return {
    served: table.served[row] === 1,
    services: [{ protocol: table.protocol[row] ?? 0, port: table.port[row] ?? 0 }],
    moreServices: 0,
    rows: 1,
    rejectedRows: (has & HAS_REJECTED) === 0 ? 0 : 1,
    ...sumsAt(table.traffic, row),
    accepted: (has & HAS_ACCEPTED) !== 0,
    rejected: (has & HAS_REJECTED) !== 0,
    first: timeAt(table.first, row),
    last: timeAt(table.last, row),
    active: table.active && bigInt64At(table.active, row),
    statuses: status && Array.from({ length: 5 }, (_, code) => (status[row] === code ? 1 : 0)),
    before: before && bigInt64At(before, row),
  };
}

/** Rows added up into links, a column after the other. */
export class LinkSums {
  readonly #facts: RowFacts;
  readonly #size: number;
  readonly #traffic: readonly [Sums, Sums, Sums, Sums];
  readonly #rows: Uint32Array;
  readonly #rejectedRows: Uint32Array;
  readonly #has: Uint8Array;
  readonly #served: Uint8Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #active: Int64s;
  readonly #statuses: Uint32Array;
  readonly #before: Int64s;
  /** Link, and protocol and port in one. */
  readonly #services = new Triples();
  #serviceBytes = new Float64Array(1024);
  /** Numbers of services. */
  #byLink: RowsByKey | undefined;

  /**
   * @param linkOf by row: its link, or `NONE`
   * @param turned by row: 1 where the row's client is the link's server
   */
  constructor(facts: RowFacts, size: number, linkOf: Int32Array, turned: Uint8Array) {
    const hasFlows = facts.table.traffic[0].flows !== undefined;
    const sums = () => new Sums(hasFlows, size);
    this.#facts = facts;
    this.#size = size;
    this.#traffic = [sums(), sums(), sums(), sums()];
    this.#rows = new Uint32Array(size);
    this.#rejectedRows = new Uint32Array(size);
    this.#has = new Uint8Array(size);
    this.#served = new Uint8Array(size);
    this.#first = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
    this.#last = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    this.#active = newInt64s(size);
    this.#statuses = new Uint32Array(5 * size);
    this.#before = newInt64s(size);
    if (size === 0) return;
    this.#addTraffic(linkOf, turned);
    this.#addCounts(linkOf);
    this.#addTimes(linkOf);
    this.#addChanges(linkOf);
    this.#addServices(linkOf);
  }

  /** Most rows have traffic of one kind or two. Some thousand of them at a time, which a processor holds close by. */
  #addTraffic(linkOf: Int32Array, turned: Uint8Array): void {
    const { traffic, has, size } = this.#facts.table;
    const straight = new Int32Array(BATCH_ROWS);
    const around = new Int32Array(BATCH_ROWS);
    for (let from = 0; from < size; from += BATCH_ROWS) {
      const to = Math.min(from + BATCH_ROWS, size);
      for (const kind of TRAFFIC_KINDS) {
        let straights = 0;
        let arounds = 0;
        for (let row = from; row < to; row++) {
          if ((((has[row] ?? 0) >> kind) & 1) === 0 || linkOf[row] === NONE) continue;
          if (turned[row] === 1) around[arounds++] = row;
          else straight[straights++] = row;
        }
        this.#traffic[kind].addSome(straight.subarray(0, straights), linkOf, traffic[kind]);
        const other = this.#traffic[(kind + 2) % TRAFFIC_KINDS.length];
        other?.addSome(around.subarray(0, arounds), linkOf, traffic[kind]);
      }
    }
  }

  #addCounts(linkOf: Int32Array): void {
    const { has, served, size } = this.#facts.table;
    const [allHas, allServed, rows, rejectedRows] = [this.#has, this.#served, this.#rows, this.#rejectedRows];
    for (let row = 0; row < size; row++) {
      const link = linkOf[row] ?? NONE;
      if (link === NONE) continue;
      const bits = has[row] ?? 0;
      allHas[link] = (allHas[link] ?? 0) | bits;
      allServed[link] = served[row] ?? 0;
      rows[link] = (rows[link] ?? 0) + 1;
      if ((bits & HAS_REJECTED) !== 0) rejectedRows[link] = (rejectedRows[link] ?? 0) + 1;
    }
  }

  #addTimes(linkOf: Int32Array): void {
    const { first, last, active } = this.#facts.table;
    if (first !== undefined) mergeLeast(this.#first, linkOf, first);
    if (last !== undefined) mergeGreatest(this.#last, linkOf, last);
    if (active !== undefined) mergeBits(this.#active, linkOf, active);
  }

  #addChanges(linkOf: Int32Array): void {
    const { table, status, before } = this.#facts;
    if (status === undefined && before === undefined) return;
    for (let row = 0; row < table.size; row++) {
      const link = linkOf[row] ?? NONE;
      if (link === NONE) continue;
      const at = 5 * link + (status?.[row] ?? 0);
      this.#statuses[at] = (this.#statuses[at] ?? 0) + 1;
      if (before !== undefined) addInt64(this.#before, link, before, row);
    }
  }

  #addServices(linkOf: Int32Array): void {
    const { traffic, protocol, port, size } = this.#facts.table;
    const weights = weightsOf(traffic, "bytes");
    const services = this.#services;
    let bytes = this.#serviceBytes;
    for (let row = 0; row < size; row++) {
      const link = linkOf[row] ?? NONE;
      if (link === NONE) continue;
      const service = services.add(link, ((protocol[row] ?? 0) << 16) | (port[row] ?? 0), 0);
      if (service >= bytes.length) bytes = larger(bytes, new Float64Array(2 * bytes.length));
      bytes[service] = (bytes[service] ?? 0) + (weights[row] ?? 0);
    }
    this.#serviceBytes = bytes;
  }

  /** Of all links. */
  get totals(): Totals {
    return this.#traffic.map((sums) => totalsOf(sums, this.#size)).reduce(addTotals);
  }

  at(link: number): LinkFacts {
    const { table, status, before } = this.#facts;
    const has = this.#has[link] ?? 0;
    const services = this.#servicesOf(link);
    return {
      served: this.#served[link] === 1,
      services: Array.from(services.subarray(0, MAX_SERVICES), (service) => this.#serviceAt(service)),
      moreServices: Math.max(0, services.length - MAX_SERVICES),
      rows: this.#rows[link] ?? 0,
      rejectedRows: this.#rejectedRows[link] ?? 0,
      ...sumsAt(this.#traffic, link),
      accepted: (has & HAS_ACCEPTED) !== 0,
      rejected: (has & HAS_REJECTED) !== 0,
      first: table.first && timeAt(this.#first, link),
      last: table.last && timeAt(this.#last, link),
      active: table.active && bigInt64At(this.#active, link),
      statuses: status && [...this.#statuses.subarray(5 * link, 5 * link + 5)],
      before: before && bigInt64At(this.#before, link),
    };
  }

  /** Numbers of the services of a link, the heaviest first. */
  #servicesOf(link: number): Int32Array {
    const { a: links, size } = this.#services;
    this.#byLink ??= new RowsByKey(links.subarray(0, size), this.#size);
    const bytes = this.#serviceBytes;
    return this.#byLink.of(link).toSorted((i, j) => (bytes[j] ?? 0) - (bytes[i] ?? 0) || i - j);
  }

  #serviceAt(number: number): Service {
    const service = this.#services.b[number] ?? 0;
    return { protocol: service >>> 16, port: service & 0xffff };
  }
}

function timeAt(column: Float64Array | undefined, row: number): number | undefined {
  const time = column?.[row];
  return time !== undefined && Number.isFinite(time) ? time : undefined;
}

function sumsAt(traffic: readonly SumColumns[], row: number): Pick<LinkFacts, "client" | "server" | "flows"> {
  const at = (kind: number, column: "bytes" | "packets" | "flows"): bigint => {
    const values = traffic[kind]?.[column];
    return values === undefined ? 0n : bigInt64At(values, row);
  };
  const sent = (accepted: number, rejected: number): Sent => ({
    bytes: at(accepted, "bytes") + at(rejected, "bytes"),
    packets: at(accepted, "packets") + at(rejected, "packets"),
    rejectedBytes: at(rejected, "bytes"),
    rejectedPackets: at(rejected, "packets"),
  });
  return {
    client: sent(CLIENT_ACCEPTED, CLIENT_REJECTED),
    server: sent(SERVER_ACCEPTED, SERVER_REJECTED),
    flows:
      traffic[0]?.flows === undefined
        ? undefined
        : {
            accepted: at(CLIENT_ACCEPTED, "flows") + at(SERVER_ACCEPTED, "flows"),
            rejected: at(CLIENT_REJECTED, "flows") + at(SERVER_REJECTED, "flows"),
          },
  };
}
