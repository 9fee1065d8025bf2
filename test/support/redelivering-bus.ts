import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Job } from "../../src/job.js";
import { reset } from "./faults.js";
import { HttpServer } from "./http-server.js";
import { seededRandom } from "./random.js";

const MAX_DELAY_MS = 200;
const MAX_PATIENCE_MS = 100;

/**
 * A bus that stores what is POSTed to it and delivers it to workers at least once: late, in any order, sometimes twice
 * at a time or again after it was done, sometimes hanging up in between; and again after anything but a success, or a
 * refusal for good.
 */
export class RedeliveringBus {
  readonly server: HttpServer;
  /** The status of every delivery, or `cut` when the connection broke or was broken off. */
  readonly deliveries: string[] = [];
  /** Where to deliver to: a worker's `/produce`, picked anew for each delivery. */
  workers: string[] = [];
  readonly #random: () => number;
  readonly #closing = new AbortController();
  readonly #jobs: Promise<void>[] = [];
  #undelivered = 0;

  private constructor(server: HttpServer, random: () => number) {
    this.server = server;
    this.#random = random;
    setMaxListeners(0, this.#closing.signal);
  }

  static async start(seed: number): Promise<RedeliveringBus> {
    const random = seededRandom(seed);
    const unanswered = new Set<string>();
    const server = await HttpServer.start(({ body }, response) => {
      if (!Job.safeParse(JSON.parse(body)).success) {
        response.writeHead(400).end();
        return;
      }
      bus.#jobs.push(bus.#deliver(body));
      // Stored, but whoever sent it doesn't learn of it and sends it again.
      if (random() < 0.2 && !unanswered.has(body)) {
        unanswered.add(body);
        reset(response);
      } else response.writeHead(202).end();
    });
    const bus = new RedeliveringBus(server, random);
    return bus;
  }

  /** Jobs that no worker has taken to an end yet. */
  get undelivered(): number {
    return this.#undelivered;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#jobs);
    await this.server.close();
  }

  async #deliver(job: string): Promise<void> {
    this.#undelivered += 1;
    const one = async () => {
      do await sleep(this.#random() * MAX_DELAY_MS, undefined, { signal: this.#closing.signal });
      while (!(await this.#post(job)));
    };
    await Promise.all(this.#random() < 0.3 ? [one(), one()] : [one()]);
    this.#undelivered -= 1;
    if (this.#random() < 0.3) await one();
  }

  /** True when nothing is left to deliver. */
  async #post(job: string): Promise<boolean> {
    const worker = this.workers[Math.floor(this.#random() * this.workers.length)];
    if (worker === undefined) return false;
    const patience =
      this.#random() < 0.2 ? [AbortSignal.timeout(Math.floor(this.#random() * MAX_PATIENCE_MS))] : [];
    try {
      const answer = await fetch(worker, {
        method: "POST",
        body: job,
        signal: AbortSignal.any([this.#closing.signal, ...patience]),
      });
      await answer.body?.cancel();
      this.deliveries.push(String(answer.status));
      return answer.ok || answer.status === 422;
    } catch {
      this.deliveries.push("cut");
      return false;
    }
  }
}
