import { int64At } from "../edges/int64.js";
import { NONE, textOf } from "../edges/table.js";
import {
  CLIENT_ACCEPTED,
  CLIENT_REJECTED,
  HAS_REJECTED,
  SERVER_ACCEPTED,
  SERVER_REJECTED,
  type Conversations,
} from "../view/conversations.js";
import { isPrivate } from "../view/internet.js";
import { Groups } from "./groups.js";

const TCP = 6;
/** Of the server's flags, only an accepted connection sets it. */
const SYN = 2;
/** Of a TCP packet with nothing in it and no options, as a RST is; a SYN has options. */
const [RST_BYTES, RST_BYTES_IPV6] = [40, 60];

/** Of what a host asks, and of hosts. */
const MAX_UNANSWERED = 0.25;

export interface FindingWindow {
  readonly startDate: Date;
  readonly stopDate: Date;
}

export interface EvidenceOptions {
  readonly window: FindingWindow;
  /** The same network before, if there is something to compare with. */
  readonly baseline?: readonly Conversations[];
  /** What an address is called in titles. */
  readonly nameOf?: (address: string) => string | undefined;
  /** Whether an address is the company's own, where a name says so; undefined where none does. */
  readonly isInside?: (address: string) => boolean | undefined;
}

/**
 * The conversations of a window as rules look at them: hosts numbered from 0, who tried, how often, whether anybody
 * answered. Columns in typed arrays, an entry each conversation (a row) or each host, made in one pass each.
 */
export class Evidence {
  readonly conversations: Conversations;
  readonly window: FindingWindow;
  readonly baseline: readonly Conversations[];
  readonly size: number;
  readonly hosts: number;
  /** By host: its number in `names.addresses`. */
  readonly address: Int32Array;
  /** By host: 1 where it is the company's own. */
  readonly inside: Uint8Array;
  /** By row: who asks and who is asked. Where no end serves, who sent is the client if the other never did. */
  readonly client: Int32Array;
  readonly server: Int32Array;
  readonly port: Uint16Array;
  readonly protocol: Uint8Array;
  /** Bytes that were let pass, from the client and from the server. */
  readonly sent: Float64Array;
  readonly received: Float64Array;
  /** Records from the client, let pass or rejected; packets where the graph doesn't know records. */
  readonly accepted: Float64Array;
  readonly rejected: Float64Array;
  /** 1 where the server took part: more came back than a refusal. */
  readonly answered: Uint8Array;
  /**
   * 1 where the client tried in vain: it was rejected, refused by a RST, or never answered. The last says nothing where
   * many inside hosts seem to talk to themselves, because the logs have one direction of most conversations.
   */
  readonly inVain: Uint8Array;
  /** By host: how many rows it tried in vain. */
  readonly triedInVain: Uint32Array;
  /** The rows of each host, as a client and as a server. */
  readonly byClient: Groups;
  readonly byServer: Groups;
  readonly #names: EvidenceOptions["nameOf"];

  constructor(conversations: Conversations, options: EvidenceOptions) {
    const { size } = conversations;
    this.conversations = conversations;
    this.window = options.window;
    this.baseline = options.baseline ?? [];
    this.#names = options.nameOf;
    this.size = size;
    this.port = conversations.port;
    this.protocol = conversations.protocol;
    this.client = new Int32Array(size);
    this.server = new Int32Array(size);
    this.sent = new Float64Array(size);
    this.received = new Float64Array(size);
    this.accepted = new Float64Array(size);
    this.rejected = new Float64Array(size);
    this.answered = new Uint8Array(size);
    this.address = this.#numberHosts();
    this.hosts = this.address.length;
    for (let row = 0; row < size; row++) this.#setRow(row);
    this.inside = this.#findInside(options.isInside);
    this.inVain = this.#findInVain();
    this.triedInVain = new Uint32Array(this.hosts);
    for (let row = 0; row < size; row++) {
      const client = this.client[row] ?? 0;
      this.triedInVain[client] = (this.triedInVain[client] ?? 0) + (this.inVain[row] ?? 0);
    }
    this.byClient = new Groups(this.client, this.hosts);
    this.byServer = new Groups(this.server, this.hosts);
  }

  /** The address of a host. */
  text(host: number): string {
    return textOf(this.conversations.names.addresses, this.address[host] ?? NONE);
  }

  /** A host as titles name it. */
  label(host: number): string {
    const address = this.text(host);
    const name = this.#names?.(address);
    return name === undefined ? address : `${name} (${address})`;
  }

  isInside(host: number): boolean {
    return this.inside[host] === 1;
  }

  /** From the inside to the Internet, in this direction. */
  isOutbound(row: number): boolean {
    return this.inside[this.client[row] ?? 0] === 1 && this.inside[this.server[row] ?? 0] === 0;
  }

  isInbound(row: number): boolean {
    return this.inside[this.client[row] ?? 0] === 0 && this.inside[this.server[row] ?? 0] === 1;
  }

  isWithin(row: number): boolean {
    return this.inside[this.client[row] ?? 0] === 1 && this.inside[this.server[row] ?? 0] === 1;
  }

  /** The service of a row: its protocol and port in one number. */
  service(row: number): number {
    return ((this.protocol[row] ?? 0) << 16) | (this.port[row] ?? 0);
  }

  /** Seconds since 1970; 0 where the graph can't tell. */
  first(row: number): number {
    return this.conversations.first?.[row] ?? 0;
  }

  last(row: number): number {
    return this.conversations.last?.[row] ?? 0;
  }

  /** Bytes both ways. */
  bytes(row: number): number {
    return (this.sent[row] ?? 0) + (this.received[row] ?? 0);
  }

  /** Seconds of the window. */
  get seconds(): number {
    return (this.window.stopDate.getTime() - this.window.startDate.getTime()) / 1000;
  }

  #numberHosts(): Int32Array {
    const { client, server, size } = this.conversations;
    let most = 0;
    for (let row = 0; row < size; row++) most = Math.max(most, client[row] ?? 0, server[row] ?? 0);
    const hostOf = new Int32Array(most + 1);
    let hosts = 0;
    for (let row = 0; row < size; row++) {
      const [from, to] = [client[row] ?? 0, server[row] ?? 0];
      if (hostOf[from] === 0) hostOf[from] = ++hosts;
      if (hostOf[to] === 0) hostOf[to] = ++hosts;
      this.client[row] = (hostOf[from] ?? 0) - 1;
      this.server[row] = (hostOf[to] ?? 0) - 1;
    }
    const address = new Int32Array(hosts);
    for (let number = 0; number <= most; number++) {
      const host = hostOf[number] ?? 0;
      if (host > 0) address[host - 1] = number;
    }
    return address;
  }

  #setRow(row: number): void {
    const { traffic, has, served } = this.conversations;
    const kinds = has[row] ?? 0;
    const fromServer = (1 << SERVER_ACCEPTED) | (1 << SERVER_REJECTED);
    // Of ICMP nobody serves: who alone sent is who asked.
    const isSwapped = served[row] === 0 && (kinds & ~fromServer) === 0;
    if (isSwapped) {
      const client = this.client[row] ?? 0;
      this.client[row] = this.server[row] ?? 0;
      this.server[row] = client;
    }
    const ask = traffic[isSwapped ? SERVER_ACCEPTED : CLIENT_ACCEPTED];
    const refused = traffic[isSwapped ? SERVER_REJECTED : CLIENT_REJECTED];
    const answer = traffic[isSwapped ? CLIENT_ACCEPTED : SERVER_ACCEPTED];
    this.sent[row] = int64At(ask.bytes, row);
    this.received[row] = int64At(answer.bytes, row);
    this.accepted[row] = int64At(ask.flows ?? ask.packets, row);
    this.rejected[row] = (kinds & HAS_REJECTED) === 0 ? 0 : int64At(refused.flows ?? refused.packets, row);
    this.answered[row] = this.#isAnswered(row, int64At(answer.packets, row)) ? 1 : 0;
  }

  /** A closed port answers too, by a RST. */
  #isAnswered(row: number, packets: number): boolean {
    if (packets === 0) return false;
    if (this.protocol[row] !== TCP) return true;
    const flags = this.conversations.serverFlags?.[row] ?? NONE;
    if (flags !== NONE && (flags & SYN) !== 0) return true;
    const { values, server } = this.conversations;
    const empty = values.version(server[row] ?? 0) === 6 ? RST_BYTES_IPV6 : RST_BYTES;
    return (this.received[row] ?? 0) > empty * packets;
  }

  #findInVain(): Uint8Array {
    const unanswered = new Int32Array(this.hosts);
    const asked = new Int32Array(this.hosts);
    const isUnanswered = (row: number) =>
      this.answered[row] === 0 && this.rejected[row] === 0 && this.received[row] === 0;
    for (let row = 0; row < this.size; row++) {
      const client = this.client[row] ?? 0;
      if (this.inside[client] === 0 || this.accepted[row] === 0) continue;
      asked[client] = (asked[client] ?? 0) + 1;
      if (isUnanswered(row)) unanswered[client] = (unanswered[client] ?? 0) + 1;
    }
    let [clients, oneWay] = [0, 0];
    for (let host = 0; host < this.hosts; host++) {
      if (asked[host] === 0) continue;
      clients++;
      if ((unanswered[host] ?? 0) > MAX_UNANSWERED * (asked[host] ?? 0)) oneWay++;
    }
    const tellsNothing = oneWay > MAX_UNANSWERED * clients;
    return this.answered.map((answered, row) =>
      answered === 1 || (tellsNothing && isUnanswered(row)) ? 0 : 1,
    );
  }

  #findInside(named: EvidenceOptions["isInside"]): Uint8Array {
    const { values, loggers } = this.conversations;
    const own = new Set(loggers.addresses);
    const inside = new Uint8Array(this.hosts);
    for (let host = 0; host < this.hosts; host++) {
      const address = this.address[host] ?? 0;
      const isOurs = named?.(this.text(host)) ?? (isPrivate(values, address) || own.has(address));
      inside[host] = isOurs ? 1 : 0;
    }
    this.#findSecondAddresses(inside);
    return inside;
  }

  /**
   * An interface with addresses of both IP versions has no single one of its own. One of the ends is, of a row between two
   * that look like the Internet's: the one that all such rows of the interface have in common.
   */
  #findSecondAddresses(inside: Uint8Array): void {
    const { loggers, loggedFrom, loggedBy } = this.conversations;
    const ends = [new Int32Array(loggers.size).fill(NONE), new Int32Array(loggers.size).fill(NONE)];
    const seen = new Uint8Array(loggers.size);
    for (let row = 0; row < this.size; row++) {
      const [client, server] = [this.client[row] ?? 0, this.server[row] ?? 0];
      if (inside[client] === 1 || inside[server] === 1) continue;
      for (let at = loggedFrom[row] ?? 0; at < (loggedFrom[row + 1] ?? 0); at++) {
        const logger = loggedBy[at] ?? 0;
        for (const [n, end] of ends.entries()) {
          if (seen[logger] === 0) end[logger] = n === 0 ? client : server;
          else if (end[logger] !== client && end[logger] !== server) end[logger] = NONE;
        }
        seen[logger] = 1;
      }
    }
    for (let logger = 0; logger < loggers.size; logger++) {
      const [one = NONE, other = NONE] = ends.map((end) => end[logger]);
      if ((one === NONE) !== (other === NONE)) inside[Math.max(one, other)] = 1;
    }
  }
}
