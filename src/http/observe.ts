import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { type ConnectionStateSettings, reportConnections } from "../telemetry/connection-states.js";
import { type Load, reportProcess } from "../telemetry/process-stats.js";
import type { Stats } from "../telemetry/stats.js";
import { logFailure } from "./errors.js";
import { callerComes, callerLeaves } from "../turn.js";
import { whenEnded } from "./request-end.js";

/** Asked every few seconds by whoever watches the process: worth a line only when they fail. */
const WATCHED_ROUTES = new Set(["/healthcheck", "/readiness", "/metrics"]);

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

/** Logs and counts each request when it has ended, and answers with its id. Jobs give way more often until then. */
export function observeRequests(app: FastifyInstance, stats: Stats): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    // Not Fastify's onResponse, which never comes when the caller hangs up before the answer.
    callerComes();
    whenEnded(reply, () => {
      callerLeaves();
      reportEnd(request, reply, stats);
    });
    done();
  });
}

function reportEnd(request: FastifyRequest, reply: FastifyReply, stats: Stats): void {
  const { headersSent, writableFinished } = reply.raw;
  const { url: route = "none" } = request.routeOptions;
  const status = headersSent ? reply.statusCode : CALLER_GONE;
  const tags = { route, method: request.method, status_class: `${Math.floor(status / 100)}xx` };
  stats.increment("grapherd.http.requests", 1, tags);
  stats.distribution("grapherd.http.duration", reply.elapsedTime, tags);
  const dull = WATCHED_ROUTES.has(route) && status < 400;
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

/** Reports the states of connections, process and jobs for as long as the app is open. */
export function reportStates(
  app: FastifyInstance,
  stats: Stats,
  load: () => Load,
  names?: ConnectionStateSettings,
): void {
  let ends: (() => void)[] = [];
  // By now plugins have said whether they upgrade connections, and nobody has connected yet.
  app.addHook("onReady", async () => {
    ends = [reportConnections(app.server, stats, names), reportProcess(stats, load)];
  });
  app.addHook("onClose", async () => {
    for (const end of ends) end();
  });
}
