import { addAbortSignal, PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { withDeadline } from "../deadline.js";
import { CorruptInputError } from "../errors.js";
import { createHttpClient } from "../http-client/client.js";
import { probe } from "../http-client/probe.js";
import {
  connectionFailure,
  request,
  unexpectedAnswer,
  withoutQuery,
  type HttpRequest,
} from "../http-client/request.js";
import { scheme } from "../scheme.js";
import { atLeast, integer, MAX_TIMER_MS } from "../settings.js";
import type { TimeWindow } from "../window.js";
import type { Digester, DigesterGiven, DigestOfLines } from "./digester.js";

const settings = {
  DIGESTER_POLLING_INTERVAL: atLeast(1, MAX_TIMER_MS)
    .prefault("1000")
    .describe("milliseconds between two polls of a vpcflow-digesterd; at least 1"),
  DIGESTER_POLLING_TIMEOUT: integer(-1, MAX_TIMER_MS)
    .transform((ms) => (ms === -1 ? Number.POSITIVE_INFINITY : ms))
    .prefault("600000")
    .describe("milliseconds to wait for a digest of a vpcflow-digesterd, polls included; -1 means for ever"),
};

export interface HttpDigesterOptions {
  /** Where a vpcflow-digesterd answers; a query of its own is kept. */
  endpoint: URL;
  pollingIntervalMs: number;
  /** From the call until the digest's first byte; Infinity: for ever. */
  pollingTimeoutMs: number;
  /** Largest digest as it comes over the wire. A client that is given has bounds of its own. */
  maxBytes: number;
  /** Used as it is, with its own retries and limits, and never closed here. Without it: `createHttpClient`. */
  client?: Dispatcher | undefined;
}

/**
 * Digests by a vpcflow-digesterd: POST has the digest made (202), or finds that it was (409); GET gives 204 until it
 * is there, and then the digest.
 *
 * A body that breaks off is an error, as long as its end is known: one with neither Content-Length nor chunks (HTTP/1.0)
 * ends where its connection does, and only gzip's own trailer tells whether that is all of it.
 */
export class HttpDigester implements Digester {
  readonly #options: HttpDigesterOptions;
  readonly #client: Dispatcher;

  constructor(options: HttpDigesterOptions) {
    this.#options = options;
    this.#client = options.client ?? createHttpClient({ maxResponseBytes: options.maxBytes });
  }

  async stop(): Promise<void> {
    if (this.#options.client === undefined) await this.#client.destroy();
  }

  async ready(signal: AbortSignal): Promise<void> {
    await probe(this.#client, "digester", this.#options.endpoint, signal);
  }

  async digest(window: TimeWindow, signal: AbortSignal): Promise<DigestOfLines> {
    const { endpoint, pollingTimeoutMs: ms } = this.#options;
    const doing = `asking ${withoutQuery(endpoint)} for the digest from ${window.start} to ${window.stop}`;
    const answer = await withDeadline({ dependency: "digester", doing, ms }, signal, (signal) =>
      this.#poll(window, signal),
    );
    const body = new DigestBody(answer.body, this.#options, signal);
    // Nothing is lost here: the reader sees the failure on the body.
    void pipeline(answer.body, body).catch(() => undefined);
    return { body };
  }

  async #poll(window: TimeWindow, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.#options.endpoint);
    url.searchParams.set("start", window.start);
    url.searchParams.set("stop", window.stop);
    const post: HttpRequest = { method: "POST", url };
    const created = await request(this.#client, "digester", post, signal);
    if (created.statusCode !== 202 && created.statusCode !== 409) {
      throw await unexpectedAnswer("digester", post, "202 or 409", created);
    }
    void created.body.dump();
    const get: HttpRequest = { method: "GET", url };
    for (;;) {
      const answer = await request(this.#client, "digester", get, signal);
      if (answer.statusCode === 200) return answer;
      if (answer.statusCode !== 204) {
        throw await unexpectedAnswer("digester", get, "200 or 204", answer);
      }
      void answer.body.dump();
      try {
        await sleep(this.#options.pollingIntervalMs, undefined, { signal });
      } catch {
        // Only the signal ends the pause early, and its reason tells more than Node's AbortError.
        signal.throwIfAborted();
      }
    }
  }
}

/** The body of an answer, whose failures are the port's errors. */
class DigestBody extends PassThrough {
  readonly #source: Dispatcher.ResponseData["body"];
  readonly #options: HttpDigesterOptions;
  readonly #signal: AbortSignal;

  constructor(source: Dispatcher.ResponseData["body"], options: HttpDigesterOptions, signal: AbortSignal) {
    super();
    this.#source = source;
    this.#options = options;
    this.#signal = signal;
    // A failure before the reader listens mustn't end the process; the reader finds it when it begins to read.
    this.on("error", () => undefined);
    addAbortSignal(signal, this);
  }

  /** Not `_destroy`: a reader that comes too late for the event is told what was passed in here. */
  override destroy(error?: Error): this {
    return super.destroy(error === undefined ? undefined : this.#explain(error));
  }

  #explain(error: Error): Error {
    if (this.#signal.aborted && this.#signal.reason instanceof Error) return this.#signal.reason;
    // The reader's own failure, which came up through `pipeline`.
    if (error !== this.#source.errored) return error;
    const digest = `the digest of ${withoutQuery(this.#options.endpoint)}`;
    if ("code" in error && error.code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
      const limit = `expected at most DIGEST_MAX_BYTES, ${this.#options.maxBytes}`;
      return new CorruptInputError(`${digest} is too large: ${limit}`, { cause: error, tooLarge: true });
    }
    return connectionFailure("digester", `${digest} broke off`, error);
  }
}

const expected = '"http://…" or "https://…"';

/** A vpcflow-digesterd. */
export const digesterdEndpoint = scheme({
  pattern: /^https?:/i,
  expected,
  place: z.string().transform((text, context) => {
    if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
    context.addIssue(`expected ${expected}`);
    return z.NEVER;
  }),
  settings,
  create: (endpoint, config, { maxBytes, client }: DigesterGiven) =>
    new HttpDigester({
      endpoint,
      pollingIntervalMs: config.DIGESTER_POLLING_INTERVAL,
      pollingTimeoutMs: config.DIGESTER_POLLING_TIMEOUT,
      maxBytes,
      client,
    }),
});
