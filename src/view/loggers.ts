import { NONE, type EdgeBatch, type FurtherColumn } from "../edges/table.js";
import { withRoom } from "../flow-log/room.js";
import type { AddressValues } from "./address-values.js";
import { isPrivate } from "./internet.js";

/** Fields that are an interface's rather than an edge's. */
const LOGGER_FIELDS = [
  "vpc_id",
  "subnet_id",
  "instance_id",
  "az_id",
  "ecs_service_name",
] as const satisfies readonly FurtherColumn[];
export type LoggerField = (typeof LOGGER_FIELDS)[number];

/** Its edges don't agree on it. */
const MIXED = -2;

/** Who logged edges: an interface of an account, numbered in order of first appearance. */
export interface Loggers {
  readonly size: number;
  /** Numbers into `names.accounts` and `names.interfaces`. */
  readonly account: Int32Array;
  readonly interface: Int32Array;
  /**
   * The interface's own addresses, of IPv4 in row 2n and of IPv6 in row 2n + 1: the one end that all of its edges of that
   * version have in common. `NONE` where none is, or either.
   */
  readonly addresses: Int32Array;
  /** Numbers into `names.values`, `NONE` where its edges don't tell or don't agree. Undefined where the graph can't tell. */
  readonly fields: Readonly<Partial<Record<LoggerField, Int32Array>>>;
}

/** Gathers loggers, edge by edge. */
export class LoggerTable {
  size = 0;
  #account = new Int32Array(0);
  #interface = new Int32Array(0);
  /** By logger and version: the two ends that may be the interface's own address; `NONE` for one that is out. */
  #one = new Int32Array(0);
  #other = new Int32Array(0);
  /** The next logger of the same interface, in another account. */
  #next = new Int32Array(0);
  /** By interface: its first logger + 1. */
  #first = new Int32Array(0);
  readonly #fields: Partial<Record<LoggerField, Int32Array>> = {};
  readonly #directions = new Map<number, "ingress" | "egress" | undefined>();

  readonly #directionOf: (value: number) => string;
  readonly #values: AddressValues;

  /** @param directionOf what a value of `flow_direction` says */
  constructor(directionOf: (value: number) => string, values: AddressValues) {
    this.#directionOf = directionOf;
    this.#values = values;
  }

  /** Writes the number of the logger of each edge to `numbers`. */
  addAll(batch: EdgeBatch, numbers: Int32Array): void {
    const { rows, account, interface: eni } = batch;
    for (let i = 0; i < rows; i++) numbers[i] = this.#numberOf(account[i] ?? NONE, eni[i] ?? NONE);
    this.#narrow(batch, numbers);
    for (const field of LOGGER_FIELDS) {
      const column = batch.further[field];
      if (column !== undefined) this.#tell(field, column, numbers, rows);
    }
  }

  #tell(field: LoggerField, column: Int32Array, numbers: Int32Array, rows: number): void {
    const known = (this.#fields[field] = withRoom(this.#fields[field] ?? new Int32Array(0), this.size));
    for (let i = 0; i < rows; i++) {
      const value = column[i] ?? NONE;
      if (value === NONE) continue;
      const logger = numbers[i] ?? 0;
      // 0 where no edge has told yet.
      if (known[logger] === 0) known[logger] = value + 1;
      else if (known[logger] !== value + 1) known[logger] = MIXED;
    }
  }

  finish(): Loggers {
    const { size } = this;
    return {
      size,
      account: this.#account.slice(0, size),
      interface: this.#interface.slice(0, size),
      addresses: this.#addresses(),
      fields: Object.fromEntries(
        Object.entries(this.#fields).map(([field, known]) => [
          field,
          withRoom(known, size)
            .slice(0, size)
            .map((value) => (value > 0 ? value - 1 : NONE)),
        ]),
      ),
    };
  }

  #numberOf(account: number, eni: number): number {
    this.#first = withRoom(this.#first, eni + 1);
    let logger = (this.#first[eni] ?? 0) - 1;
    while (logger >= 0 && this.#account[logger] !== account) logger = this.#next[logger] ?? NONE;
    if (logger >= 0) return logger;
    logger = this.size++;
    this.#account = withRoom(this.#account, this.size);
    this.#interface = withRoom(this.#interface, this.size);
    this.#one = withRoom(this.#one, 2 * this.size);
    this.#other = withRoom(this.#other, 2 * this.size);
    this.#next = withRoom(this.#next, this.size);
    this.#account[logger] = account;
    this.#interface[logger] = eni;
    this.#one.fill(MIXED, 2 * logger, 2 * logger + 2);
    this.#next[logger] = (this.#first[eni] ?? 0) - 1;
    this.#first[eni] = logger + 1;
    return logger;
  }

  /** An end that isn't one of an edge is none that all edges have in common. */
  #narrow({ rows, source, destination, further }: EdgeBatch, numbers: Int32Array): void {
    const ones = this.#one;
    const others = this.#other;
    const directions = further.flow_direction;
    for (let i = 0; i < rows; i++) {
      const from = source[i] ?? NONE;
      const told = directions && this.#direction(directions[i] ?? NONE);
      const end = told === "ingress" ? NONE : from;
      const otherEnd = told === "egress" ? NONE : (destination[i] ?? NONE);
      const slot = 2 * (numbers[i] ?? 0) + (this.#values.version(from) === 6 ? 1 : 0);
      const one = ones[slot] ?? NONE;
      const other = others[slot] ?? NONE;
      if (one === MIXED) {
        ones[slot] = end;
        others[slot] = otherEnd;
        continue;
      }
      if (one !== end && one !== otherEnd) ones[slot] = NONE;
      if (other !== end && other !== otherEnd) others[slot] = NONE;
    }
  }

  #direction(value: number): "ingress" | "egress" | undefined {
    if (value === NONE) return undefined;
    if (this.#directions.has(value)) return this.#directions.get(value);
    const text = this.#directionOf(value);
    const direction = text === "ingress" || text === "egress" ? text : undefined;
    this.#directions.set(value, direction);
    return direction;
  }

  #addresses(): Int32Array {
    const addresses = new Int32Array(2 * this.size).fill(NONE);
    const taken = new Set<number>();
    const decide = (slot: number, address: number): void => {
      addresses[slot] = address;
      if (address !== NONE) taken.add(address);
    };
    const open: number[] = [];
    for (let slot = 0; slot < addresses.length; slot++) {
      const one = this.#one[slot] ?? NONE;
      const other = this.#other[slot] ?? NONE;
      // No edge of this version.
      if (one === MIXED) continue;
      if (one !== NONE && other !== NONE && one !== other) open.push(slot);
      else decide(slot, one === NONE ? other : one);
    }
    // Of two ends that are left, the other is known to be another interface's, or on the Internet.
    for (const slot of open) {
      const one = this.#one[slot] ?? NONE;
      const other = this.#other[slot] ?? NONE;
      const isOne = isPrivate(this.#values, one);
      const isOther = isPrivate(this.#values, other);
      if (isOne !== isOther) decide(slot, isOne ? one : other);
      else if (taken.has(one) !== taken.has(other)) decide(slot, taken.has(one) ? other : one);
    }
    return addresses;
  }
}
