import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Service } from "../service.js";
import { VIEW_FORMATS } from "../view/format/formats.js";
import type { TimeWindow } from "../window.js";
import { answerFresh, sendAnswer } from "./answer.js";
import { HttpError } from "./errors.js";
import { answerMissing, answerUnanswered, pollAfter } from "./missing.js";
import { whileConnected } from "./request-end.js";
import { anyFailure, empty, failure } from "./responses.js";
import { Representation } from "./representation.js";
import { SharedLook } from "./shared-look.js";
import { strictly } from "./strictly.js";
import { VIEW_SCHEMAS } from "./view-examples.js";
import { type ViewQuery, viewParameters, viewQueryOf } from "./view-query.js";
import { instant, scopeParameters, withWindow } from "./window-query.js";

/** How far into the future a window may reach, for clocks that differ. */
const FUTURE_MS = 60_000;

const refresh = z
  .enum(["true", "false"], 'refresh must be "true" or "false"')
  .default("false")
  .describe("`true`: make the graph again if it exists, for flow logs that came late");

function location({ start, stop, scope }: TimeWindow): string {
  const window = new URLSearchParams({ start, stop }).toString();
  // Nothing in it needs an escape.
  return `/graph?${window}${scope === undefined ? "" : `&${scope.replaceAll(" ", "&")}`}`;
}

const DotStream = z.custom<Readable | Buffer | undefined>(() => true).meta({ type: "string" });

const lookupAnswers = {
  200: { description: "The graph", content: { "text/vnd.graphviz": { schema: DotStream } } },
  204: empty("The graph is being made", "Retry-After"),
  304: empty("The graph hasn't changed (`If-None-Match`, or else `If-Modified-Since`)"),
  400: failure("The window is wrong"),
  404: failure("There is no graph: nobody asked for it, or the last attempt failed. The message says which"),
  500: failure("The storage or the marker failed"),
  503: failure("Too many requests are being answered, or the process is stopping", "Retry-After"),
  ...anyFailure,
};

const viewAnswers = {
  ...lookupAnswers,
  200: {
    description: "The graph, or a view of it",
    content: {
      "text/vnd.graphviz": { schema: DotStream },
      ...Object.fromEntries(
        Object.entries(VIEW_SCHEMAS).map(([name, schema]) => [
          VIEW_FORMATS[name]?.mediaType.split(";")[0] ?? name,
          { schema: z.custom<unknown>(() => true).meta(schema) },
        ]),
      ),
    },
  },
  400: failure("The window or another parameter is wrong"),
  406: failure("The format is unknown"),
  422: failure("The graph is too large, or the picture would be"),
};

const requestAnswers = {
  202: empty("Queued", "Location", "Retry-After"),
  400: failure("The window or another parameter is wrong"),
  409: failure("The graph exists, or is being made", "Location"),
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
    const query = z.object({ start: instant("start"), stop: instant("stop"), ...scopeParameters });

    const heads = new SharedLook((window, signal) => service.head(window, signal));
    const fetches = new SharedLook((window, signal) => service.fetch(window, signal));
    const taken = new WeakSet<Readable>();

    /** One of those who share a look gets its stream, if it gives one; the others look for themselves. */
    const isTaken = (outcome: Awaited<ReturnType<Service["fetch"]>>) => {
      if (outcome.state !== "stored" || !(outcome.graph.body instanceof Readable)) return false;
      const { body } = outcome.graph;
      if (taken.has(body)) return true;
      taken.add(body);
      return false;
    };

    const sendStored = async (window: TimeWindow, request: FastifyRequest, reply: FastifyReply) => {
      if (request.method === "HEAD") {
        const outcome = await heads.at(window, reply);
        if (outcome.state !== "stored") return answerMissing(outcome, reply);
        const form = new Representation(outcome.graph, request);
        return form.setHeaders(reply) ? reply.code(304).send(undefined) : reply.send(undefined);
      }
      let outcome = await fetches.at(window, reply);
      if (isTaken(outcome)) outcome = await service.fetch(window, whileConnected(reply));
      if (outcome.state !== "stored") return answerMissing(outcome, reply);
      const form = new Representation(outcome.graph, request);
      const { body } = outcome.graph;
      if (!form.setHeaders(reply)) return reply.send(await form.of(body));
      if (body instanceof Readable) body.destroy();
      return reply.code(304).send(undefined);
    };

    const sendView = async (
      window: TimeWindow,
      { question, format, against }: ViewQuery,
      request: FastifyRequest,
      reply: FastifyReply,
    ) => {
      const named = against === undefined ? [] : [against];
      return answerFresh(async () => {
        const outcome = await service.answer(question, window, { named, earlier: [] }, whileConnected(reply));
        if (outcome.state !== "stored") return answerUnanswered(outcome, window, reply);
        return sendAnswer(outcome.answer, VIEW_FORMATS[format]?.mediaType ?? "", request, reply);
      });
    };

    const aliases = [
      { url: "/graph", name: "Graph", tags: ["graph"], deprecated: false },
      // As callers of the Go service know it.
      { url: "/", name: "GraphByAlias", tags: ["aliases"], deprecated: true },
    ];
    for (const { url, name, tags, deprecated } of aliases) {
      const summaries = { GET: "The graph of a window", HEAD: "The headers of the graph of a window" };
      for (const method of ["GET", "HEAD"] as const) {
        const shared = {
          operationId: method === "GET" ? `get${name}` : `head${name}`,
          summary: summaries[method],
          tags,
          deprecated,
        };
        if (deprecated) {
          app.route({
            method,
            url,
            schema: {
              ...shared,
              querystring: query.transform(withWindow(service)),
              response: lookupAnswers,
            },
            handler: (request, reply) => sendStored(request.query.window, request, reply),
          });
          continue;
        }
        app.route({
          method,
          url,
          schema: {
            ...shared,
            description:
              "With a window alone: the graph as it is stored, in DOT. With more parameters: a view of it.",
            querystring: strictly({ ...query.shape, ...viewParameters }).transform(withWindow(service)),
            response: viewAnswers,
          },
          handler: (request, reply) => {
            const { window } = request.query;
            const view = viewQueryOf(request.query, request, maxWindowMs);
            return view === undefined
              ? sendStored(window, request, reply)
              : sendView(window, view, request, reply);
          },
        });
      }

      app.route({
        method: "POST",
        url,
        schema: {
          operationId: `request${name}`,
          summary: "Make the graph of a window",
          tags,
          deprecated,
          // A misspelt scope would make a graph of everything.
          querystring: (deprecated
            ? query.extend({ refresh })
            : strictly({ ...query.shape, refresh })
          ).transform(withWindow(service)),
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
