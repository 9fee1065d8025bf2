import type { Int64s } from "../edges/int64.js";
import type { Names, OptionalColumn } from "../edges/table.js";
import type { AddressValues } from "./address-values.js";
import type { Loggers } from "./loggers.js";
import type { SumColumns } from "./sums.js";
import type { Totals } from "./totals.js";

/** The four kinds of traffic of a conversation: which end sent it, and what became of it. */
export const [CLIENT_ACCEPTED, CLIENT_REJECTED, SERVER_ACCEPTED, SERVER_REJECTED] = [0, 1, 2, 3] as const;
export const TRAFFIC_KINDS = [CLIENT_ACCEPTED, CLIENT_REJECTED, SERVER_ACCEPTED, SERVER_REJECTED] as const;

/** The bits of `Conversations.has` that say that something was rejected, or let pass. */
export const HAS_ACCEPTED = (1 << CLIENT_ACCEPTED) | (1 << SERVER_ACCEPTED);
export const HAS_REJECTED = (1 << CLIENT_REJECTED) | (1 << SERVER_REJECTED);

/**
 * Who talked to whom, a row each: a client, a server, a protocol and the server's port, with what both sent. Columns in
 * typed arrays, `size` entries each, in the order in which conversations first appear among the edges.
 *
 * What several interfaces logged is counted once: of each direction and action, by the interface that saw the most bytes
 * (at a tie the most packets, then flows, then the first).
 */
export interface Conversations {
  readonly names: Names;
  readonly values: AddressValues;
  readonly size: number;
  /** Numbers into `names.addresses`. Where no end serves (`served` is 0), in the order of `values.compare`. */
  readonly client: Int32Array;
  readonly server: Int32Array;
  readonly protocol: Uint8Array;
  /** The server's; 0 where there is none. */
  readonly port: Uint16Array;
  /** 1 where an end serves; 0 where none does, as of ICMP. */
  readonly served: Uint8Array;
  /** A code of `SERVER_RULES`: the strongest that said who serves. 0 where the graph doesn't tell. */
  readonly serverBy: Uint8Array;
  /** By kind of traffic. What has no action counts as accepted. `flows` is undefined where the graph can't tell. */
  readonly traffic: readonly [SumColumns, SumColumns, SumColumns, SumColumns];
  /** Bit n: there was an edge of the n-th kind, if only of 0 bytes. */
  readonly has: Uint8Array;
  /** The number of edges, each interface's. */
  readonly edges: Uint32Array;
  /** Of what each end sent, OR-ed, `NONE` where it isn't told. Undefined where the graph can't tell. */
  readonly clientFlags: Int16Array | undefined;
  readonly serverFlags: Int16Array | undefined;
  /** In whole seconds since 1970. Undefined where the graph can't tell. */
  readonly first: Float64Array | undefined;
  readonly last: Float64Array | undefined;
  /** Bit n: a record ended in the n-th sixtieth of the window. */
  readonly active: Int64s | undefined;
  readonly loggers: Loggers;
  /** Who logged conversation n: `loggedBy` from `loggedFrom[n]` up to `loggedFrom[n + 1]`, numbers into `loggers`. */
  readonly loggedFrom: Uint32Array;
  readonly loggedBy: Int32Array;
  /** How many conversations were logged by several interfaces, each the same direction and action. */
  readonly loggedTwice: number;
  /** How many edges aren't counted, because another interface saw more of the same. */
  readonly edgesLoggedTwice: number;
  /** Of the graph: the rows as they are stored, and as they are counted here. */
  readonly stored: Totals;
  readonly counted: Totals;
  /** What this graph can't tell. */
  readonly unknown: readonly OptionalColumn[];
}
