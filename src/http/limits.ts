import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { z } from "zod";
import { RetryLaterError } from "../errors.js";
import { boolean, integer } from "../settings.js";
import { HttpError } from "./errors.js";
import { whenEnded } from "./request-end.js";

export const limitSettings = {
  HTTP_TRUST_PROXY: boolean
    .prefault("false")
    .describe("true: believe the `X-Forwarded-…` headers. Set it only behind a proxy that overwrites them"),
  HTTP_MAX_REQUESTS: integer(1, 1_000_000)
    .prefault("1000")
    .describe(
      "requests answered at once; more get 503. The same number of jobs can be delivered at once. Health checks don't count",
    ),
  HTTP_MAX_CONNECTIONS: integer(1, 1_000_000)
    .prefault("10000")
    .describe("connections open at once; more are closed"),
};
const defaults = z.object(limitSettings);
export type LimitSettings = z.infer<typeof defaults>;
export const defaultLimits = (): LimitSettings => defaults.parse({});

const MAX_URL_CHARACTERS = 8192;
const BUSY_RETRY_MS = 1000;

/** Options of Fastify, and of Node's server: how much a request may be, and how long it may take to come. */
export const serverOptions = {
  http: {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 20_000,
    connectionsCheckingInterval: 5000,
    // Node refuses requests without one by a status alone: `requireHost` says why.
    requireHostHeader: false,
  },
  requestTimeout: 30_000,
  // Longer than load balancers keep a connection that they might be about to use: AWS's do for 60 seconds.
  keepAliveTimeout: 75_000,
  bodyLimit: 1024 * 1024,
} as const;

const HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** What is asked of a process that watches it, which must get an answer when it is busy as well. */
const HEALTHCHECK = "/healthcheck";
const READINESS = "/readiness";

/** Refuses what is too long before anything else looks at it, and everything once the app closes. */
export function limitRequests(app: FastifyInstance, limits: LimitSettings): void {
  app.server.maxConnections = limits.HTTP_MAX_CONNECTIONS;
  // Node would refuse it by a status alone. So it is a request like any other, until the hook below.
  app.server.on("checkExpectation", (request, response) => app.routing(request, response));
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });

  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(HEADERS);
    if (request.url.length > MAX_URL_CHARACTERS) {
      throw new HttpError(414, `the URL is longer than ${MAX_URL_CHARACTERS} characters`);
    }
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
      throw new HttpError(417, "the header Expect can only be 100-continue");
    }
    if (closing && request.routeOptions.url !== HEALTHCHECK) {
      throw new RetryLaterError("the process is stopping", BUSY_RETRY_MS);
    }
    done();
  });
}

/** Refuses what is too much at once. To be called after `requireTokens`: who has no token takes nobody's place. */
export function limitInFlight(app: FastifyInstance, limits: LimitSettings): void {
  // Apart, because a request may wait for the delivery of its own job to this very process.
  const inFlight = { requests: 0, deliveries: 0 };

  app.addHook("preParsing", (request, reply, _payload, done) => {
    const { url: route, config } = request.routeOptions;
    if (route === HEALTHCHECK || route === READINESS) {
      done();
      return;
    }
    const kind = config.access === "produce" ? "deliveries" : "requests";
    if (inFlight[kind] >= limits.HTTP_MAX_REQUESTS) {
      throw new RetryLaterError(`${inFlight[kind]} ${kind} are being answered`, BUSY_RETRY_MS);
    }
    inFlight[kind]++;
    whenEnded(reply, () => inFlight[kind]--);
    done();
  });
}

interface Refusal {
  readonly statusCode: number;
  readonly message: string;
}

function refusal(code: string | undefined): Refusal {
  if (code === "HPE_HEADER_OVERFLOW") {
    const { maxHeaderSize } = serverOptions.http;
    return { statusCode: 431, message: `URL and headers are larger than ${maxHeaderSize} bytes` };
  }
  return code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? { statusCode: 408, message: "the request took too long to arrive" }
    : { statusCode: 400, message: "this is not HTTP" };
}

/** Answers what isn't even a request, and closes the connection. */
export function refuseClient(log: FastifyBaseLogger, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { statusCode, message } = refusal(error.code);
  log.info({ reason: message, ...(error.code !== undefined && { code: error.code }) }, "invalid-input");
  const body = JSON.stringify({ statusCode, error: STATUS_CODES[statusCode], message });
  socket.end(
    [
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
    () => socket.destroy(),
  );
}
