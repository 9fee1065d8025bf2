import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import { builtFile } from "../../built-file.js";
import { LEAVE, type Task } from "./messages.js";
import type { Plan } from "./plan.js";
import { RemoteDigest } from "./remote-digest.js";

/** One processor is left to those who answer callers. */
const MAX_THREADS = Math.max(1, availableParallelism() - 1);
/** What is done with is freed when the young generation is collected: the smaller it is, the sooner. */
const YOUNG_GENERATION_MB = 6;
const CLOSE_MS = 1000;

interface Thread {
  readonly worker: Worker;
  /** Resolves when it has ended, to the error that it ended by. */
  readonly lost: Promise<unknown>;
  digests: number;
}

/** Threads that make digests, started as they are needed. One that has failed is replaced, and of those that are idle one is kept. */
export class Threads {
  readonly #plan: Plan;
  readonly #max: number;
  readonly #threads = new Set<Thread>();

  constructor(plan: Plan, max = MAX_THREADS) {
    this.#plan = plan;
    this.#max = max;
  }

  /** @throws whatever the digest fails with before anything is read, or the signal's reason */
  async digest(task: Omit<Task, "port">, signal: AbortSignal): Promise<RemoteDigest> {
    signal.throwIfAborted();
    const thread = this.#freest();
    const { port1: ours, port2: theirs } = new MessageChannel();
    thread.digests++;
    thread.worker.ref();
    const digest = new RemoteDigest(
      ours,
      signal,
      () => thread.lost,
      () => {
        thread.digests--;
        this.#dismiss();
      },
    );
    thread.worker.postMessage({ ...task, port: theirs } satisfies Task, [theirs]);
    return digest.digested();
  }

  /** What is under way isn't waited for. */
  async stop(): Promise<void> {
    const all = Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
    // A thread that hangs in a call to a file system ends with it.
    await Promise.race([all, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** The one that makes the fewest digests, of several the oldest: it knows where flow logs are, and what isn't one. */
  #freest(): Thread {
    const [freest] = [...this.#threads].toSorted((a, b) => a.digests - b.digests);
    if (freest !== undefined && (freest.digests === 0 || this.#threads.size >= this.#max)) return freest;
    return this.#start();
  }

  /** The oldest of those that are idle stays: to start another takes a moment. The others' memory is worth more. */
  #dismiss(): void {
    const idle = [...this.#threads].filter(({ digests }) => digests === 0);
    // It keeps no process alive that waits for nothing.
    for (const { worker } of idle) worker.unref();
    for (const thread of idle.slice(1)) {
      this.#threads.delete(thread);
      thread.worker.postMessage(LEAVE, []);
    }
  }

  #start(): Thread {
    const worker = new Worker(builtFile("digest-thread.js"), {
      name: "digests",
      workerData: this.#plan,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    let failure: unknown;
    const lost = new Promise((resolve) => worker.once("exit", () => resolve(failure)));
    const thread = { worker, lost, digests: 0 };
    worker.on("error", (error) => {
      failure = error;
      // It ends a moment later, and takes no task until then.
      this.#threads.delete(thread);
    });
    worker.on("exit", () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }
}
