import type { Dispatcher } from "undici";

/** A connection that wasn't made, or broke before an answer came. Timeouts of the answer itself aren't among them. */
const CONNECTION_ERRORS = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);
const STATUSES = new Set([500, 502, 503]);

export interface RetryOptions {
  /** Attempts after the first. */
  retries: number;
  delayMs: number;
  /** Hand a 503 with Retry-After to the caller at once: the server is whole, and says when to come again. */
  heedRetryAfter: boolean;
}

/**
 * An undici interceptor that repeats a request, POST included, on 500, 502, 503 and connection errors. The answer to
 * the last attempt is handed on as it is, whatever its status.
 *
 * undici's own `interceptors.retry` resumes a response that broke off with a range request, which might join two
 * different digests, and has no option against that:
 * https://github.com/nodejs/undici/blob/v7.30.2/lib/handler/retry-handler.js
 * Here nothing is repeated once an answer was handed on.
 */
export function retry(options: RetryOptions): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) => {
    const attempt = (left: number): boolean =>
      dispatch(request, new Attempt(options, left, handler, () => attempt(left - 1)));
    return attempt(replayable(request.body) ? options.retries : 0);
  };
}

/** A stream is used up by the first attempt. */
function replayable(body: Dispatcher.DispatchOptions["body"]): boolean {
  return body === undefined || body === null || typeof body === "string" || body instanceof Uint8Array;
}

type Handler = Required<Dispatcher.DispatchHandler>;

class Attempt implements Dispatcher.DispatchHandler {
  readonly #options: RetryOptions;
  readonly #left: number;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #next: () => void;
  /** Whether this attempt's answer goes to the caller, or to nobody because another attempt follows. */
  #fate: "open" | "handed on" | "discarded" = "open";
  #ended = false;

  constructor(options: RetryOptions, left: number, handler: Dispatcher.DispatchHandler, next: () => void) {
    this.#options = options;
    this.#left = left;
    this.#handler = handler;
    this.#next = next;
  }

  onRequestStart(...args: Parameters<Handler["onRequestStart"]>): void {
    this.#handler.onRequestStart?.(...args);
  }

  onRequestUpgrade(...args: Parameters<Handler["onRequestUpgrade"]>): void {
    this.#fate = "handed on";
    this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters<Handler["onResponseStart"]>): void {
    const [controller, status, headers] = args;
    const full = status === 503 && headers["retry-after"] !== undefined && this.#options.heedRetryAfter;
    if (this.#left > 0 && STATUSES.has(status) && !full) {
      this.#retry(() => {
        // One that ended leaves a connection that can be used again; the rest of any other isn't waited for.
        if (!this.#ended) controller.abort(new Error("an answer that is discarded"));
      });
      return;
    }
    // A 1xx comes before the answer, not instead of it.
    if (status >= 200) this.#fate = "handed on";
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<Handler["onResponseData"]>): void {
    if (this.#fate !== "discarded") this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<Handler["onResponseEnd"]>): void {
    this.#ended = true;
    if (this.#fate !== "discarded") this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#ended = true;
    if (this.#fate === "discarded") return;
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    if (this.#fate === "open" && this.#left > 0 && CONNECTION_ERRORS.has(code)) this.#retry();
    else this.#handler.onResponseError?.(controller, error);
  }

  /** A caller who aborts meanwhile is told by undici when the next attempt starts, before anything is sent. */
  #retry(before?: () => void): void {
    this.#fate = "discarded";
    setTimeout(() => {
      before?.();
      this.#next();
    }, this.#options.delayMs);
  }
}
