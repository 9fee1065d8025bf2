import { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { pino } from "pino";
import { z } from "zod";
import type { Deliverer } from "../../src/deliverer.js";
import type { Digester } from "../../src/digester/digester.js";
import { uninterrupted } from "../../src/deadline.js";
import type { Job } from "../../src/job.js";
import type { Claim, Marker } from "../../src/marker/marker.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import type { Queuer } from "../../src/queuer/queuer.js";
import { Service } from "../../src/service.js";
import type { ServiceSettings } from "../../src/service-settings.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Storage } from "../../src/storage/storage.js";
import { noStats } from "../../src/telemetry/stats.js";
import { TimeWindow } from "../../src/window.js";
import { bytesOf } from "./bytes-of.js";
import { Gates } from "./gates.js";
import { unfenced } from "./store-options.js";

export const TIMEOUT_MS = 60_000;
/** The window that all ask for. */
export const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
export const never = uninterrupted();
export const SETTINGS: ServiceSettings = {
  progressTimeoutMs: TIMEOUT_MS,
  queuedTimeoutMs: TIMEOUT_MS,
  maxWindowMs: 3_600_000,
  digestMaxBytes: 1_000_000,
  keepEdges: true,
  scheduleMs: [],
  scheduleBackfill: 0,
  retentionMs: undefined,
  workerConcurrency: 2,
  workerQueueLimit: 10,
  workerRetries: 0,
  workerRetryDelayMs: 1,
  shutdownTimeoutMs: 0,
  answers: { names: [], mutes: undefined, cacheBytes: 0, maxEdges: 1000 },
};
const EMPTY = gzipSync("digraph {\n}\n");

/** A queue that keeps what it gets until a test delivers it. */
class Queue implements Queuer {
  readonly jobs: Job[] = [];

  async queue(job: Job): Promise<void> {
    this.jobs.push(job);
  }
}

class OneLine implements Digester {
  async digest(): Promise<{ body: Readable }> {
    return { body: Readable.from([Buffer.from("2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n")]) };
  }
}

const Event = z.looseObject({ message: z.string() });
const Tags = z.record(z.string(), z.string());

/** What a process logs and counts. */
class Records {
  readonly events: z.infer<typeof Event>[] = [];
  readonly #counts: { readonly name: string; readonly value: number; readonly tags: unknown }[] = [];

  /** How often each outcome of a job was counted, in order. */
  get outcomes(): unknown[] {
    return this.#counts
      .filter(({ name }) => name === "grapherd.jobs")
      .map(({ tags }) => Tags.parse(tags)["outcome"]);
  }

  counted(name: string, tags: object | undefined): number {
    return this.#counts
      .filter((count) => count.name === name && isDeepStrictEqual(count.tags, tags))
      .reduce((sum, { value }) => sum + value, 0);
  }

  observe(service: Service): void {
    const write = (line: string) => void this.events.push(Event.parse(JSON.parse(line)));
    service.observe({
      logger: pino({ messageKey: "message", level: "debug" }, { write }),
      stats: {
        ...noStats,
        increment: (name, value, tags) => void this.#counts.push({ name, value, tags }),
      },
    });
  }
}

/** A process: a service over the stores that all share, each of its modules behind a switch. */
export class Process {
  readonly storage: Gates<Storage>;
  readonly marker: Gates<Marker>;
  readonly queuer: Gates<Queuer>;
  readonly digester: Gates<Digester>;
  readonly records = new Records();
  readonly service: Service;

  constructor(
    stores: { readonly storage: Storage; readonly marker: Marker; readonly queue: Queuer },
    settings: Partial<ServiceSettings> = {},
    digester: Partial<Digester> = {},
    deliverers: readonly Deliverer[] = [],
  ) {
    this.digester = new Gates<Digester>(Object.assign(new OneLine(), digester));
    this.storage = new Gates<Storage>(stores.storage);
    this.marker = new Gates<Marker>(stores.marker);
    this.queuer = new Gates<Queuer>(stores.queue);
    this.service = new Service(
      {
        storage: this.storage.module,
        marker: this.marker.module,
        queuer: this.queuer.module,
        digester: this.digester.module,
      },
      { ...SETTINGS, ...settings },
      deliverers,
    );
    this.records.observe(this.service);
  }
}

export class Stores {
  readonly storage = new MemoryStorage();
  readonly marker = new MemoryMarker();
  readonly queue = new Queue();

  /** A graph that somebody else made. */
  async put(bytes = EMPTY): Promise<void> {
    await this.storage.store(window.id, Readable.from([bytes]), unfenced(never));
  }

  async claim(): Promise<Claim | null | undefined> {
    return (await this.marker.read(window.id, never))?.claim;
  }

  async graph(): Promise<string | undefined> {
    const stored = await this.storage.get(window.id, never);
    if (stored === undefined) return undefined;
    return gunzipSync(await bytesOf(stored.body)).toString();
  }
}
