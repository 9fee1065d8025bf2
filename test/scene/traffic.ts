import { seededRandom } from "../support/random.js";

export const [ICMP, TCP, UDP] = [1, 6, 17];

export interface Host {
  readonly address: string;
  /** Hosts outside have no interface of ours, and no flow log. */
  readonly eni?: string;
}

export interface Flow {
  /** Seconds from the window's start, and how long it lasts: 20, unless told otherwise. */
  readonly at: number;
  readonly seconds?: number;
  readonly client: Host;
  readonly server: Host;
  readonly port: number;
  readonly protocol?: number;
  /** Bytes from the client, and from the server: 0 where nobody answers. */
  readonly sent: number;
  readonly received: number;
  readonly refused?: boolean;
}

const ACCOUNT = "123456789012";
const PACKET_BYTES = 1200;
/** A TCP packet without content: a SYN, a RST. */
export const EMPTY_PACKET = 40;

/** Flow log records of a window in the making, in AWS's default format. Times are seconds. */
export class Traffic {
  readonly start: number;
  readonly seconds: number;
  readonly #seed: number;
  readonly #earlier: readonly string[];
  readonly #lines: string[] = [];
  readonly #random: () => number;
  #drawn: number;

  private constructor(
    time: { readonly start: number; readonly seconds: number },
    seed: number,
    drawn = 0,
    earlier: readonly string[] = [],
  ) {
    this.start = time.start;
    this.seconds = time.seconds;
    this.#seed = seed;
    this.#earlier = earlier;
    this.#drawn = drawn;
    const random = seededRandom(seed, drawn);
    this.#random = () => {
      this.#drawn++;
      return random();
    };
  }

  static of(seed: number, start: string, hours: number): Traffic {
    return new Traffic({ start: Date.parse(start) / 1000, seconds: 3600 * hours }, seed);
  }

  /** Its records as files; what was added before it was forked is a file of its own. */
  get files(): readonly string[] {
    return this.#lines.length === 0 ? this.#earlier : [...this.#earlier, `${this.#lines.join("\n")}\n`];
  }

  /** Gives others that go on from here as this one would, each by itself. */
  forks(): () => Traffic {
    const { files } = this;
    return () => new Traffic(this, this.#seed, this.#drawn, files);
  }

  get window(): { readonly startDate: Date; readonly stopDate: Date } {
    return {
      startDate: new Date(this.start * 1000),
      stopDate: new Date((this.start + this.seconds) * 1000),
    };
  }

  /** A whole number from 0, below this one. */
  int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** Mostly the first ones: the n-th about 1/n as often as the first. */
  pickSkewed<T>(items: readonly T[]): T {
    const item = items[Math.floor(items.length ** this.#random()) - 1];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** Between a tenth and ten times of it, mostly below: sizes of what people send. */
  about(size: number): number {
    return Math.round(size * 10 ** (this.#random() * 2 - 1));
  }

  /** The times, from the window's start, of what comes every so many seconds, give or take a share of them. */
  *every(seconds: number, jitter = 0.5): Generator<number> {
    for (let at = this.#random() * seconds; at < this.seconds; at += seconds) {
      yield Math.min(this.seconds - 1, Math.max(0, at + (this.#random() - 0.5) * 2 * jitter * seconds));
    }
  }

  /** Writes the records of a flow: one each minute, there and back, of each interface that sees it. */
  add(flow: Flow): void {
    const { at, seconds = 20, client, server, port, protocol = TCP, sent, received, refused = false } = flow;
    const clientPort = protocol === ICMP ? 0 : 32_768 + this.int(28_000);
    const minutes = Math.ceil(seconds / 60);
    for (let minute = 0; minute < minutes; minute++) {
      const from = Math.floor(at + 60 * minute);
      const to = from + Math.max(1, Math.min(59, Math.floor(seconds - 60 * minute)));
      if (to >= this.seconds) break;
      const times = `${this.start + from} ${this.start + to} ${refused ? "REJECT" : "ACCEPT"} OK`;
      for (const { eni } of [client, server]) {
        if (eni === undefined) continue;
        const begin = `2 ${ACCOUNT} ${eni}`;
        this.#lines.push(
          `${begin} ${client.address} ${server.address} ${clientPort} ${port} ${protocol} ${sums(sent / minutes)} ${times}`,
        );
        if (received === 0) continue;
        this.#lines.push(
          `${begin} ${server.address} ${client.address} ${port} ${clientPort} ${protocol} ${sums(received / minutes)} ${times}`,
        );
      }
    }
  }
}

function sums(bytes: number): string {
  const packets = Math.max(1, Math.ceil(bytes / PACKET_BYTES));
  return `${packets} ${Math.max(EMPTY_PACKET * packets, Math.round(bytes))}`;
}
