import { DependencyError } from "../errors.js";
import { toMessage, type Job } from "../job.js";
import { queueOpener, type QueueOptions } from "../sqs/open-queue.js";
import { uninterrupted } from "../deadline.js";
import type { Queuer } from "./queuer.js";

/** The longest that SQS holds a message back. What is left of the wait is for whoever receives the job too early. */
const MAX_DELAY_S = 900;

/** Sends jobs to a queue of SQS, as JSON. */
export class SqsQueuer implements Queuer {
  readonly #open: ReturnType<typeof queueOpener>;

  constructor(options: QueueOptions) {
    this.#open = queueOpener(options);
  }

  async start(): Promise<void> {
    const queue = await this.#open();
    await queue.checkSettings();
    try {
      await queue.maxReceives(uninterrupted());
    } catch (error) {
      // Whatever else it is, readiness says so for as long as it lasts.
      if (error instanceof DependencyError && error.obstacle === "settings") throw error;
    }
  }

  async stop(): Promise<void> {
    (await this.#open()).close();
  }

  async ready(signal: AbortSignal): Promise<void> {
    await (await this.#open()).maxReceives(signal);
  }

  async queue(job: Job, signal: AbortSignal, notBefore?: Date): Promise<void> {
    const waitMs = notBefore === undefined ? 0 : Math.max(0, notBefore.getTime() - Date.now());
    const delaySeconds = Math.min(Math.ceil(waitMs / 1000), MAX_DELAY_S);
    await (await this.#open()).send(JSON.stringify(toMessage(job)), delaySeconds, signal);
  }
}
