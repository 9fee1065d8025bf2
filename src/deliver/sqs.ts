import { setTimeout as delay } from "node:timers/promises";
import { uninterrupted, unlessAborted } from "../deadline.js";
import type { Deliver, Deliverer, Fate, Report } from "../deliverer.js";
import { unwrap } from "../envelope.js";
import { CorruptInputError, DependencyError, messageOf } from "../errors.js";
import { queueOpener, type QueueOptions } from "../sqs/open-queue.js";
import type { Message, Queue } from "../sqs/queue.js";
import { hiddenSeconds, visibilitySeconds } from "./visibility.js";

export interface SqsConsumerOptions extends QueueOptions {
  /** Jobs worked at once. No more messages than that are held here, so that other processes get the rest. */
  readonly slots: number;
  /** Milliseconds after which a claim that nobody renews is void. */
  readonly progressTimeoutMs: number;
  /** Milliseconds until a job that has failed once is delivered again; it doubles. */
  readonly retryDelayMs: number;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** With fewer a message may be taken for poison whose workers were killed, or stopped, twice. */
const FEW_RECEIVES = 5;

/**
 * Receives jobs from a queue of SQS. A message stays unseen by others while its job is worked, is deleted when nothing is
 * left to do for it, and is else seen again when its fate says so. What is left undone when the process is killed is
 * seen again by itself; what comes back too often the queue's own redrive policy takes away.
 */
export class SqsConsumer implements Deliverer {
  readonly #options: SqsConsumerOptions;
  readonly #open: ReturnType<typeof queueOpener>;
  readonly #visibilitySeconds: number;
  readonly #draining = new AbortController();
  readonly #held = new Set<Promise<void>>();
  #receiving: Promise<void> | undefined;

  constructor(options: SqsConsumerOptions) {
    this.#options = options;
    this.#open = queueOpener(options);
    this.#visibilitySeconds = visibilitySeconds(options.progressTimeoutMs);
  }

  async start(deliver: Deliver, report: Report): Promise<void> {
    const queue = await this.#open();
    this.#receiving = this.#receive(queue, deliver, report);
  }

  /** A message that is on its way just now may be lost with the connection: it is seen again by itself. */
  async drain(): Promise<void> {
    this.#draining.abort(new Error("the process is stopping"));
    await this.#receiving;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#held);
    (await this.#open()).close();
  }

  async #receive(queue: Queue, deliver: Deliver, report: Report): Promise<void> {
    const { signal } = this.#draining;
    const { slots } = this.#options;
    let checked = false;
    for (let failures = 0; !signal.aborted;) {
      try {
        checked ||= await checkRedrive(queue, report, signal);
        if (this.#held.size >= slots) await unlessAborted(Promise.race(this.#held), signal);
        const free = slots - this.#held.size;
        for (const message of await queue.receive(free, this.#visibilitySeconds, signal)) {
          const held = this.#take(queue, message, deliver, report).finally(() => this.#held.delete(held));
          this.#held.add(held);
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS);
        report.error({ ...failureOf(error), pauseMs }, "dependency-failure");
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Never rejects. */
  async #take(queue: Queue, message: Message, deliver: Deliver, report: Report): Promise<void> {
    const receivedAt = performance.now();
    const context = { messageId: message.id, receives: message.receives };
    const done = new AbortController();
    const kept = this.#keepHidden(queue, message, done.signal, (error) =>
      report.warn({ ...failureOf(error), ...context }, "dependency-failure"),
    );
    const fate = await delivered(message.body, deliver);
    done.abort();
    await kept;
    tell(fate, context, report);
    try {
      if (fate.fate === "done" || fate.fate === "drop") await queue.delete(message, uninterrupted());
      else {
        const seconds = hiddenSeconds(fate, message.receives, {
          retryDelayMs: this.#options.retryDelayMs,
          heldMs: performance.now() - receivedAt,
        });
        await queue.hide(message, seconds, uninterrupted());
      }
    } catch (error) {
      // It is seen again by itself, and whoever gets it then finds what is left to do.
      report.warn({ ...failureOf(error), ...context }, "dependency-failure");
    }
  }

  /** Ends when no renewal is under way any more: the last word on when a message is seen again isn't a renewal's. */
  async #keepHidden(
    queue: Queue,
    message: Message,
    done: AbortSignal,
    onFailure: (error: unknown) => void,
  ): Promise<void> {
    const everyMs = (this.#visibilitySeconds * 1000) / 3;
    for (;;) {
      await delay(everyMs, undefined, { signal: done }).catch(() => undefined);
      if (done.aborted) return;
      await queue.hide(message, this.#visibilitySeconds, uninterrupted()).catch(onFailure);
    }
  }
}

/** @returns true */
async function checkRedrive(queue: Queue, report: Report, signal: AbortSignal): Promise<true> {
  const maxReceives = await queue.maxReceives(signal);
  const reason =
    maxReceives === undefined
      ? "the queue has no dead-letter queue: a job that always fails is delivered until the queue deletes it"
      : maxReceives < FEW_RECEIVES
        ? `the queue gives up a message after ${maxReceives} receives, fewer than ${FEW_RECEIVES}: each worker that is killed costs up to two`
        : undefined;
  if (reason !== undefined) report.warn({ dependency: "queuer", reason }, "queue-settings");
  return true;
}

async function delivered(body: string, deliver: Deliver): Promise<Fate> {
  let message: unknown;
  try {
    message = unwrap(JSON.parse(body));
  } catch (error) {
    // What was sent is quoted by neither.
    const cause = error instanceof SyntaxError ? new Error("expected a job in JSON") : error;
    return { fate: "drop", error: cause instanceof Error ? cause : new Error(String(cause)) };
  }
  return deliver(message);
}

/** What the worker hasn't told of by itself. */
function tell(fate: Fate, context: object, report: Report): void {
  if (fate.fate === "done") return;
  const { error } = fate;
  if (fate.fate === "later") report.info({ ...context, reason: error.message }, "retry-later");
  else if (fate.fate === "again") report.warn({ ...context, ...failureOf(error) }, "delivery-failed");
  else if (!(error instanceof CorruptInputError)) {
    report.warn({ ...context, reason: error.message }, "invalid-input");
  }
}

function failureOf(error: unknown): object {
  return {
    ...(error instanceof DependencyError && { dependency: error.dependency }),
    reason: messageOf(error),
  };
}
