import type { Dispatcher } from "undici";
import { connectWithin } from "./connect.js";
import { retry } from "./retry.js";
import { undici } from "./undici.js";

const TTL_MS = 10 * 60_000;
const TTL_JITTER_MS = 60_000;

export interface HttpClientOptions {
  /** Longest wait for the head of an answer, in milliseconds. */
  headersTimeoutMs?: number;
  /** Longest silence within the body of an answer, in milliseconds; what the reader itself delays doesn't count. */
  bodyTimeoutMs?: number;
  /** Largest body of an answer. */
  maxResponseBytes?: number;
  /** Hand a 503 with Retry-After to the caller instead of trying again: it means a full queue. */
  heedRetryAfter?: boolean;
  /** Age from which a connection is replaced before its next use, so that a changed DNS record is noticed. */
  connectionTtlMs?: number;
}

/**
 * The HTTP client of the queuer, and of the digester: each has one of its own. Nothing connects before the first
 * request. An answer of any status resolves; redirects aren't followed and no Content-Encoding is decoded.
 */
export function createHttpClient({
  headersTimeoutMs = 60_000,
  bodyTimeoutMs = 60_000,
  maxResponseBytes = -1,
  heedRetryAfter = false,
  // The jitter keeps processes that were started together from reconnecting together.
  connectionTtlMs = TTL_MS + (Math.random() * 2 - 1) * TTL_JITTER_MS,
}: HttpClientOptions = {}): Dispatcher {
  const { Agent } = undici();
  return new Agent({
    connections: 100,
    clientTtl: connectionTtlMs,
    connect: connectWithin(1000),
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    maxResponseSize: maxResponseBytes,
  }).compose(retry({ retries: 3, delayMs: 50, heedRetryAfter }));
}
