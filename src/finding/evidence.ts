import { NONE, textOf } from "../edges/table.js";
import type { Conversations } from "../view/conversations.js";
import { RowsByKey } from "../view/rows-by-key.js";
import { askingOf, type Asking } from "./asking.js";
import { inVainOf } from "./in-vain.js";
import { insideOf } from "./inside.js";
import { countText } from "./sentence.js";

/** Bits of a direction. */
const FROM_INSIDE = 1;
const TO_INSIDE = 2;

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
  readonly byClient: RowsByKey;
  readonly byServer: RowsByKey;
  /** Only those from the inside to the Internet, and those from there. */
  readonly outboundByClient: RowsByKey;
  readonly inboundByServer: RowsByKey;
  readonly #names: EvidenceOptions["nameOf"];
  /** By row: whether its client is inside, and its server. */
  readonly #direction: Uint8Array;

  constructor(conversations: Conversations, options: EvidenceOptions) {
    const { size } = conversations;
    this.conversations = conversations;
    this.window = options.window;
    this.baseline = options.baseline ?? [];
    this.#names = options.nameOf;
    this.size = size;
    this.port = conversations.port;
    this.protocol = conversations.protocol;
    const asking = askingOf(conversations);
    this.address = numberHosts(conversations, asking);
    this.hosts = this.address.length;
    this.client = asking.client;
    this.server = asking.server;
    this.sent = asking.sent;
    this.received = asking.received;
    this.accepted = asking.accepted;
    this.rejected = asking.rejected;
    this.answered = asking.answered;
    this.inside = insideOf(conversations, this, options.isInside);
    this.#direction = this.#directions();
    this.inVain = inVainOf(asking, this.inside);
    this.triedInVain = new Uint32Array(this.hosts);
    for (let row = 0; row < size; row++) {
      const client = this.client[row] ?? 0;
      this.triedInVain[client] = (this.triedInVain[client] ?? 0) + (this.inVain[row] ?? 0);
    }
    this.byClient = new RowsByKey(this.client, this.hosts);
    this.byServer = new RowsByKey(this.server, this.hosts);
    const column = this.#direction;
    this.outboundByClient = new RowsByKey(this.client, this.hosts, { column, value: FROM_INSIDE });
    this.inboundByServer = new RowsByKey(this.server, this.hosts, { column, value: TO_INSIDE });
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

  /** One host as titles name it, several by their number. */
  labelOf(hosts: readonly number[], noun = "host"): string {
    const [only = 0, ...more] = hosts;
    return more.length === 0 ? this.label(only) : countText(hosts.length, noun);
  }

  isInside(host: number): boolean {
    return this.inside[host] === 1;
  }

  /** From the inside to the Internet, in this direction. */
  isOutbound(row: number): boolean {
    return this.#direction[row] === FROM_INSIDE;
  }

  isInbound(row: number): boolean {
    return this.#direction[row] === TO_INSIDE;
  }

  isWithin(row: number): boolean {
    return this.#direction[row] === (FROM_INSIDE | TO_INSIDE);
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

  #directions(): Uint8Array {
    const { inside, client, server } = this;
    const direction = new Uint8Array(this.size);
    for (let row = 0; row < this.size; row++) {
      const from = inside[client[row] ?? 0] === 1 ? FROM_INSIDE : 0;
      direction[row] = from | (inside[server[row] ?? 0] === 1 ? TO_INSIDE : 0);
    }
    return direction;
  }
}

/** Numbers hosts in order of first appearance in a table, instead of addresses, and says the address of each. */
function numberHosts({ client, server, size }: Conversations, asking: Asking): Int32Array {
  let most = 0;
  for (let row = 0; row < size; row++) most = Math.max(most, client[row] ?? 0, server[row] ?? 0);
  const hostOf = new Int32Array(most + 1);
  const address = new Int32Array(most + 1);
  let hosts = 0;
  const numberOf = (end: number): number => {
    if (hostOf[end] === 0) {
      address[hosts] = end;
      hostOf[end] = ++hosts;
    }
    return (hostOf[end] ?? 0) - 1;
  };
  for (let row = 0; row < size; row++) {
    const from = numberOf(client[row] ?? 0);
    const to = numberOf(server[row] ?? 0);
    const isTurned = asking.client[row] !== client[row];
    asking.client[row] = isTurned ? to : from;
    asking.server[row] = isTurned ? from : to;
  }
  return address.slice(0, hosts);
}
