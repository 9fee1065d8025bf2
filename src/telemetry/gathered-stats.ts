import type { StatsD } from "hot-shots";
import type { Stats, Tags } from "./stats.js";

declare module "hot-shots" {
  interface StatsD {
    /** Sends a metric that is written already. Its types leave this out. */
    send(message: string, tags: Tags): void;
  }
}

/** Values of one kind that are all sent within an interval. Of those that follow, ever fewer are, each with its rate. */
const ALL_SENT = 100;

/** What has one name and the same tags. */
interface Kind {
  readonly name: string;
  readonly tags: Tags;
  /** Counted in this interval. Undefined: nothing was. */
  sum: number | undefined;
  /** Values in this interval. */
  values: number;
}

function keyOf(name: string, tags: Tags): string {
  let key = name;
  for (const tag in tags) key += `|${tags[tag]}`;
  return key;
}

/**
 * Gives a client less than there is: counts added up over an interval, and of a kind that has many values some that tell how they
 * are distributed. For each call a client looks at name and tags anew, which takes as long as a good part of a small answer.
 */
export class GatheredStats implements Stats {
  readonly #client: StatsD;
  readonly #timer: NodeJS.Timeout;
  #kinds = new Map<string, Kind>();

  constructor(client: StatsD, intervalMs: number) {
    this.#client = client;
    this.#timer = setInterval(() => this.#next(), intervalMs).unref();
  }

  increment(name: string, value: number, tags: Tags = {}): void {
    const kind = this.#kind(name, tags);
    kind.sum = (kind.sum ?? 0) + value;
  }

  gauge(name: string, value: number, tags: Tags = {}): void {
    this.#client.gauge(name, value, tags);
  }

  distribution(name: string, value: number, tags: Tags = {}): void {
    const rate = ALL_SENT / ++this.#kind(name, tags).values;
    if (rate >= 1) this.#client.distribution(name, value, tags);
    // The client would write every value, to throw most of them away.
    else if (Math.random() < rate) this.#client.send(`${name}:${value}|d|@${rate}`, tags);
  }

  /** Gives the client what is left. */
  close(): void {
    clearInterval(this.#timer);
    this.#next();
  }

  #kind(name: string, tags: Tags): Kind {
    const key = keyOf(name, tags);
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = { name, tags, sum: undefined, values: 0 };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  #next(): void {
    const kinds = this.#kinds;
    this.#kinds = new Map();
    for (const { name, tags, sum } of kinds.values()) {
      if (sum !== undefined) this.#client.increment(name, sum, tags);
    }
  }
}
