import { newAddressTable } from "../flow-log/address.js";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { Triples } from "../view/triples.js";
import { Evidence, type EvidenceOptions } from "./evidence.js";

const MAX_ADDRESS_BYTES = 45;
/** What a triple tells. Its other two numbers say of whom. */
const [HOST, NETWORK, SERVED, ASKED, REACHED] = [0, 1, 2, 3, 4] as const;
/** Kinds of networks: named, IPv4 /24, IPv6 /48. */
const [NAMED, IPV4, IPV6] = [0, 1, 2] as const;

/** What was seen in the windows before: hosts, Internet networks, services, and paths inside. Neighbours are those in a /24 or /48. */
export class Baseline {
  readonly #options: EvidenceOptions;
  /** Tables number their addresses each for itself: these are the numbers here. */
  readonly #addresses = newAddressTable();
  readonly #networks = new Triples();
  readonly #names = new Map<string, number>();
  readonly #paths = new Triples();
  readonly #seen = new Triples();
  readonly #known: number;
  readonly #text = viewOf(Buffer.alloc(MAX_ADDRESS_BYTES + OVERRUN_BYTES));

  constructor({ baseline }: Evidence, options: EvidenceOptions) {
    this.#options = options;
    for (const conversations of baseline) {
      const { baseline: _, ...rest } = options;
      const evidence = new Evidence(conversations, rest);
      const number = this.#numbering(evidence);
      for (let row = 0; row < evidence.size; row++) {
        for (const [what, a, b] of this.#factsOf(evidence, row, number)) this.#seen.add(what, a, b);
      }
    }
    this.#known = this.#seen.size;
  }

  /** Asks about the rows of a window. */
  of(evidence: Evidence): Newness {
    const number = this.#numbering(evidence);
    const isNew = (what: number, a: number, b: number) => this.#seen.add(what, a, b) >= this.#known;
    return {
      isKnownHost: (host) => !isNew(HOST, number(host), 0),
      isNewNetwork: (host) => isNew(NETWORK, this.#networkOf(evidence, host), 0),
      isNewService: (row) =>
        isNew(SERVED, this.#prefixOf(evidence, evidence.server[row] ?? 0), evidence.service(row)),
      isNewUse: (row) =>
        isNew(ASKED, this.#prefixOf(evidence, evidence.client[row] ?? 0), evidence.service(row)),
      isNewPath: (row) => isNew(REACHED, this.#pathOf(evidence, row), evidence.service(row)),
    };
  }

  *#factsOf(
    evidence: Evidence,
    row: number,
    number: (host: number) => number,
  ): Generator<readonly [number, number, number]> {
    const [client, server] = [evidence.client[row] ?? 0, evidence.server[row] ?? 0];
    yield [HOST, number(client), 0];
    yield [HOST, number(server), 0];
    if (evidence.answered[row] === 0) return;
    const service = evidence.service(row);
    if (evidence.isOutbound(row)) {
      yield [NETWORK, this.#networkOf(evidence, server), 0];
      yield [ASKED, this.#prefixOf(evidence, client), service];
    }
    if (!evidence.isInside(server)) return;
    yield [SERVED, this.#prefixOf(evidence, server), service];
    if (evidence.isInside(client)) yield [REACHED, this.#pathOf(evidence, row), service];
  }

  /** From network to network: neighbours usually do the same work, and take turns. */
  #pathOf(evidence: Evidence, row: number): number {
    const from = this.#prefixOf(evidence, evidence.client[row] ?? 0);
    return this.#paths.add(from, this.#prefixOf(evidence, evidence.server[row] ?? 0), 0);
  }

  #numbering(evidence: Evidence): (host: number) => number {
    const { addresses } = evidence.conversations.names;
    const numbers = new Int32Array(evidence.hosts).fill(-1);
    return (host) => {
      const known = numbers[host] ?? -1;
      if (known >= 0) return known;
      const end = addresses.copy(evidence.address[host] ?? 0, this.#text, 0);
      return (numbers[host] = this.#addresses.intern(this.#text, 0, end));
    };
  }

  /** Of an Internet end: what it is called, else the network that it is probably moved about in. */
  #networkOf(evidence: Evidence, host: number): number {
    const { nameOf } = this.#options;
    const name = nameOf?.(evidence.text(host));
    if (name !== undefined) {
      const number = this.#names.get(name) ?? this.#names.size;
      this.#names.set(name, number);
      return this.#networks.add(NAMED, number, 0);
    }
    return this.#prefixOf(evidence, host);
  }

  #prefixOf(evidence: Evidence, host: number): number {
    const { values } = evidence.conversations;
    const address = evidence.address[host] ?? 0;
    if (values.version(address) === 4) return this.#networks.add(IPV4, values.word(address, 3) >>> 8, 0);
    return this.#networks.add(IPV6, values.word(address, 0) | 0, values.word(address, 1) >>> 16);
  }
}

/** What of a window the baseline hasn't seen. Hosts and rows are those of its evidence. */
export interface Newness {
  /** Whether it was seen at all, at either end. */
  readonly isKnownHost: (host: number) => boolean;
  /** Whether nobody inside had an answer from its network. */
  readonly isNewNetwork: (host: number) => boolean;
  /** Whether neither the server nor its neighbours had served this port. */
  readonly isNewService: (row: number) => boolean;
  /** Whether neither the client nor its neighbours had used this port of the Internet. */
  readonly isNewUse: (row: number) => boolean;
  /** Whether neither the client nor its neighbours had used this service of the server or its neighbours. */
  readonly isNewPath: (row: number) => boolean;
}
