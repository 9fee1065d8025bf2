import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Missing, Service } from "../service.js";
import { TimeWindow, WindowError } from "../window.js";
import { HttpError, seconds } from "./errors.js";
import { whenEnded } from "./request-end.js";
import { anyFailure, empty, failure } from "./responses.js";
import { Representation } from "./representation.js";

/** When a caller may look again for a graph that is being made. */
const POLL_MS = 1000;
/** How far into the future a window may reach, for clocks that differ. */
const FUTURE_MS = 60_000;

function instant(name: "start" | "stop") {
  return z
    .string({
      error: ({ input }) =>
        input === undefined
          ? `${name} is missing: expected an RFC 3339 time such as 2019-06-01T00:00:00Z`
          : `${name} must be given once`,
    })
    .meta({
      description: `RFC 3339; truncated down to the minute in UTC. The window contains its start, not its stop.`,
      example: name === "start" ? "2019-06-01T00:00:00Z" : "2019-06-01T01:00:00Z",
      format: "date-time",
    });
}

/** The query's window, which is a valid one. */
function withWindow<Query extends { start: string; stop: string }>(maxMs: number) {
  return (query: Query, context: z.RefinementCtx) => {
    try {
      return { ...query, window: TimeWindow.parse(query.start, query.stop, maxMs) };
    } catch (error) {
      if (!(error instanceof WindowError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  };
}

const refresh = z
  .enum(["true", "false"], 'refresh must be "true" or "false"')
  .default("false")
  .describe("`true`: make it again also where it exists, for logs that came late");

function location({ start, stop }: TimeWindow): string {
  return `/graph?${new URLSearchParams({ start, stop }).toString()}`;
}

function pollAfter(notBefore: Date | undefined): string {
  return seconds(Math.max(POLL_MS, (notBefore?.getTime() ?? 0) - Date.now()));
}

function answerMissing(missing: Missing, reply: FastifyReply): FastifyReply {
  if (missing.state === "in progress") {
    return reply.code(204).header("retry-after", pollAfter(missing.notBefore)).send(undefined);
  }
  throw new HttpError(
    404,
    missing.reason === undefined
      ? "this graph was never asked for: POST /graph has it made"
      : `the last attempt at this graph failed: ${missing.reason}`,
  );
}

/** Aborts when the caller hangs up. */
function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenEnded(reply, () => {
    // Nobody reads this answer; its status is for the log, as nginx has it.
    if (!reply.raw.writableFinished) controller.abort(new HttpError(499, "the caller hung up"));
  });
  return controller.signal;
}

const DotStream = z.custom<Readable | Buffer | undefined>(() => true).meta({ type: "string" });

const lookupAnswers = {
  200: { description: "The graph", content: { "text/vnd.graphviz": { schema: DotStream } } },
  204: empty("It is being made", "Retry-After"),
  304: empty("The caller has it already (`If-None-Match`, or else `If-Modified-Since`)"),
  400: failure("No such window"),
  404: failure("There is none: never asked for, or why the last attempt failed"),
  500: failure("The storage or the marker failed"),
  503: failure("Too many requests are being answered, or the process is stopping", "Retry-After"),
  ...anyFailure,
};

const requestAnswers = {
  202: empty("Queued", "Location", "Retry-After"),
  400: failure("No such window"),
  409: failure("It exists, or is being made", "Location"),
  500: failure("The storage or the marker failed"),
  502: failure("The queue failed"),
  503: failure("The queue is full, or too many requests are being answered", "Retry-After"),
  ...anyFailure,
};

/** GET, HEAD and POST /graph; the same under `/`. */
export function graphRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    // Whatever a caller sends along with its query is of no interest.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, body, parsed) => {
      body.resume();
      parsed(null);
    });

    const { maxWindowMs } = service.settings;
    const query = z.object({ start: instant("start"), stop: instant("stop") });

    const aliases = [
      { url: "/graph", name: "Graph", tags: ["graph"], deprecated: false },
      // As callers of the Go service know it.
      { url: "/", name: "GraphByAlias", tags: ["aliases"], deprecated: true },
    ];
    for (const { url, name, tags, deprecated } of aliases) {
      for (const method of ["GET", "HEAD"] as const) {
        app.route({
          method,
          url,
          schema: {
            operationId: method === "GET" ? `get${name}` : `head${name}`,
            summary: method === "GET" ? "The graph of a window" : "What is known of the graph of a window",
            tags,
            deprecated,
            querystring: query.transform(withWindow(maxWindowMs)),
            response: lookupAnswers,
          },
          handler: async (request, reply) => {
            const { window } = request.query;
            const signal = whileConnected(reply);
            if (method === "HEAD") {
              const outcome = await service.head(window, signal);
              if (outcome.state !== "stored") return answerMissing(outcome, reply);
              const form = new Representation(outcome.graph, request);
              return form.setHeaders(reply) ? reply.code(304).send(undefined) : reply.send(undefined);
            }
            const outcome = await service.fetch(window, signal);
            if (outcome.state !== "stored") return answerMissing(outcome, reply);
            const form = new Representation(outcome.graph, request);
            const { body } = outcome.graph;
            if (!form.setHeaders(reply)) return reply.send(await form.of(body));
            if (body instanceof Readable) body.destroy();
            return reply.code(304).send(undefined);
          },
        });
      }

      app.route({
        method: "POST",
        url,
        schema: {
          operationId: `request${name}`,
          summary: "Have the graph of a window made",
          tags,
          deprecated,
          querystring: query.extend({ refresh }).transform(withWindow(maxWindowMs)),
          response: requestAnswers,
        },
        handler: async (request, reply) => {
          const { window, refresh } = request.query;
          if (window.stopDate.getTime() > Date.now() + FUTURE_MS) {
            throw new HttpError(400, "stop must not be more than a minute in the future");
          }
          const outcome = await service.request(window, refresh === "true", request.id);
          reply.header("location", location(window));
          if (outcome.state === "exists") throw new HttpError(409, "this graph exists already");
          if (outcome.state === "in progress") throw new HttpError(409, "this graph is in progress");
          return reply.code(202).header("retry-after", pollAfter(outcome.notBefore)).send(undefined);
        },
      });
    }
    done();
  };
}
