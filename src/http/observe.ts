import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { logFailure } from "./errors.js";

/** Asked every few seconds by whoever watches the process: worth a line only when they fail. */
const HEALTH_ROUTES = new Set(["/healthcheck", "/readiness"]);

/** Fastify's own events in our words. It has no more of them: each request ends in one line of ours. */
export class RequestLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true });
  }

  /** A body broke off after its head was sent: the caller sees a broken connection, the log says why. */
  override streamError(error: Error, request: FastifyRequest): void {
    // The caller hung up, which the request's line says.
    const hungUp = "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
    if (!hungUp) logFailure(request.log, error, 500);
  }
}

/** What nginx calls it: the caller hung up before there was an answer. */
const CALLER_GONE = 499;

/** Logs each request when it has ended, and answers with its id. */
export function observeRequests(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    // Not Fastify's onResponse, which never comes when the caller hangs up before the answer.
    reply.raw.once("close", () => logEnd(request, reply));
  });
}

function logEnd(request: FastifyRequest, reply: FastifyReply): void {
  const { headersSent, writableFinished } = reply.raw;
  const { url: route = "none" } = request.routeOptions;
  const status = headersSent ? reply.statusCode : CALLER_GONE;
  const dull = HEALTH_ROUTES.has(route) && status < 400;
  request.log[dull ? "debug" : "info"](
    {
      method: request.method,
      route,
      status,
      durationMs: Math.round(reply.elapsedTime),
      ...(!writableFinished && { reason: "the connection closed before the answer was complete" }),
    },
    "request-finished",
  );
}
