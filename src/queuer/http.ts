import { randomBytes } from "node:crypto";
import type { Dispatcher } from "undici";
import { withDeadline } from "../deadline.js";
import { RetryLaterError } from "../errors.js";
import { createHttpClient } from "../http-client/client.js";
import { probe } from "../http-client/probe.js";
import { request, unexpectedAnswer, withoutQuery, type HttpRequest } from "../http-client/request.js";
import { toMessage, type Job } from "../job.js";
import type { BoundAddress } from "../module.js";
import type { JobEndpoint } from "./job-endpoint.js";
import type { Queuer } from "./queuer.js";

/** Ahead of the 30 s that any module has for a call, so that the message names the address. */
const TIMEOUT_MS = 20_000;
const DEFAULT_RETRY_AFTER_MS = 1000;
const MAX_RETRY_AFTER_MS = 60 * 60_000;

export interface HttpQueuerOptions {
  /** Asked for each job, with the own address, which is known only when the process listens. */
  endpoint: (bound: BoundAddress | undefined) => JobEndpoint;
  /** Sent with each job. */
  headers?: Readonly<Record<string, string>>;
  /** Sent to this very process alone. */
  localHeaders?: Readonly<Record<string, string>>;
  /** For a call in all, retries included. */
  timeoutMs?: number;
  /** Used as it is, with its own retries and limits, and never closed here. Without it: `createHttpClient`. */
  client?: Dispatcher | undefined;
}

/** POSTs jobs as JSON: to this process's own /produce, or to a bus that does so. */
export class HttpQueuer implements Queuer {
  readonly #options: HttpQueuerOptions;
  readonly #client: Dispatcher;
  #bound: BoundAddress | undefined;
  readonly loopbackToken = randomBytes(32).toString("base64url");

  constructor(options: HttpQueuerOptions) {
    this.#options = options;
    this.#client =
      options.client ?? createHttpClient({ heedRetryAfter: true, maxResponseBytes: 1024 * 1024 });
  }

  listening(address: BoundAddress): void {
    this.#bound = address;
  }

  get local(): boolean {
    return this.#options.endpoint(this.#bound).local;
  }

  async stop(): Promise<void> {
    if (this.#options.client === undefined) await this.#client.destroy();
  }

  async ready(signal: AbortSignal): Promise<void> {
    const { url, local } = this.#options.endpoint(this.#bound);
    // Whoever can ask has just been answered by it.
    if (!local) await probe(this.#client, "queuer", url, signal);
  }

  async queue(job: Job, signal: AbortSignal): Promise<void> {
    const { url, local } = this.#options.endpoint(this.#bound);
    const post: HttpRequest = {
      method: "POST",
      url,
      headers: {
        "content-type": "application/json",
        ...this.#options.headers,
        ...(local && { ...this.#options.localHeaders, authorization: `Bearer ${this.loopbackToken}` }),
      },
      body: JSON.stringify(toMessage(job)),
    };
    const ms = this.#options.timeoutMs ?? TIMEOUT_MS;
    const wait = { dependency: "queuer", doing: `POST ${withoutQuery(url)}`, ms } as const;
    await withDeadline(wait, signal, async (signal) => {
      const answer = await request(this.#client, "queuer", post, signal);
      const retryAfter = answer.headers["retry-after"];
      if (answer.statusCode >= 200 && answer.statusCode < 300) {
        void answer.body.dump();
      } else if (answer.statusCode === 503 && retryAfter !== undefined) {
        void answer.body.dump();
        throw new RetryLaterError(
          `the queue at ${withoutQuery(url)} is full`,
          parseRetryAfter(String(retryAfter)),
        );
      } else {
        throw await unexpectedAnswer("queuer", post, "a status from 200 to 299", answer);
      }
    });
  }
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds; an hour at most. */
function parseRetryAfter(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? DEFAULT_RETRY_AFTER_MS : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
