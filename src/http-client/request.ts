import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { unlessAborted } from "../deadline.js";
import { DependencyError, type DependencyName, messageOf } from "../errors.js";

const EXCERPT_CHARACTERS = 200;
const EXCERPT_MS = 500;

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: URL;
  /** How messages name it, where its address is secret. */
  readonly shownAs?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How an address is named in messages: a query may be long, or secret. */
export function withoutQuery(url: URL): string {
  return url.origin + url.pathname;
}

/**
 * Sends a request; an answer of any status resolves. The signal governs its body as well.
 *
 * @throws DependencyError when no answer came; the signal's reason at once when it aborts
 */
export async function request(
  client: Dispatcher,
  dependency: DependencyName,
  req: HttpRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted();
  try {
    const answer = client.request({
      origin: req.url.origin,
      path: req.url.pathname + req.url.search,
      method: req.method,
      headers: req.headers ?? null,
      body: req.body ?? null,
      signal,
    });
    // undici heeds a signal only from when the request has a connection; the wait for one shall be cut short too.
    return await unlessAborted(answer, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionFailure(dependency, `${req.method} ${req.shownAs ?? withoutQuery(req.url)}`, error);
  }
}

/** What undici threw, as the port's error: `what` says which call or which body. */
export function connectionFailure(dependency: DependencyName, what: string, error: unknown): DependencyError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Node's AggregateError, of a host with several addresses, has a code but no message.
  const reason = messageOf(error) || code;
  return new DependencyError(dependency, `${what}: ${reason}`, {
    cause: error,
    timedOut: code.includes("TIMEOUT") || code === "ETIMEDOUT",
  });
}

/** The error for an answer that wasn't expected, with its status and the beginning of its body, which it consumes. */
export async function unexpectedAnswer(
  dependency: DependencyName,
  req: HttpRequest,
  expected: string,
  { statusCode, body }: Dispatcher.ResponseData,
): Promise<DependencyError> {
  // Most of 4xx means that the request is wrong or not allowed, and the next one is the same.
  const transient = statusCode < 400 || statusCode > 499 || [404, 408, 409, 425, 429].includes(statusCode);
  const denied = statusCode === 401 || statusCode === 403;
  const got = `${statusCode} with the body ${await excerpt(body)}`;
  const message = `${req.method} ${withoutQuery(req.url)}: expected ${expected}, got ${got}`;
  return new DependencyError(dependency, message, {
    transient,
    obstacle: denied ? "access" : undefined,
    timedOut: statusCode === 504,
  });
}

/** The beginning of a body, quoted and escaped. Waits half a second for it at most and never fails. */
async function excerpt(body: Readable): Promise<string> {
  const decoder = new TextDecoder();
  const timer = setTimeout(() => body.destroy(), EXCERPT_MS);
  let text = "";
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > EXCERPT_CHARACTERS) break;
    }
  } catch {
    // The status is the news; what came of the body until it broke is as good as a whole one.
  } finally {
    clearTimeout(timer);
  }
  return JSON.stringify(text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text);
}
