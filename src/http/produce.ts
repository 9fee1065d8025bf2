import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Job } from "../job.js";
import type { Service } from "../service.js";
import { HttpError } from "./errors.js";
import { anyFailure, empty, failure } from "./responses.js";

/** Our own first segments: nothing below them is a topic of a bus. */
const RESERVED = new Set(["graph", "produce", "healthcheck", "readiness", "docs", "openapi.json"]);

const Topic = z.object({ topic: z.string().optional() });

const MAX_JOB_BYTES = 64 * 1024;

const answers = {
  202: empty("Taken over (`Prefer: respond-async`)", "Preference-Applied"),
  204: empty("The graph is stored, or nothing was left to do"),
  400: failure("Not a job"),
  422: failure("It can never succeed: don't deliver it again"),
  500: failure("The storage or the marker failed"),
  502: failure("The digester failed"),
  503: failure("At capacity, too early, or another worker holds it", "Retry-After"),
  504: failure("The digester did not answer in time"),
  ...anyFailure,
};

/** Whether the deliverer asks not to wait (RFC 7240, 4.1). */
function prefersAsync(prefer: string | string[] | undefined): boolean {
  return [prefer ?? []]
    .flat()
    .join(",")
    .split(",")
    .some((preference) => /^respond-async(?:$|[\s;])/i.test(preference.trim()));
}

/** POST /produce, where jobs are delivered; the same under `/:topic/:event`, as buses of the Go service know it. */
export function produceRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    // Buses label JSON in many ways, or not at all.
    app.removeAllContentTypeParsers();
    const { maxWindowMs } = service.settings;
    const body = Job.refine(
      ({ window }) => window.ms <= maxWindowMs,
      "the window is longer than GRAPH_MAX_WINDOW",
    );
    app.addContentTypeParser(
      "*",
      { parseAs: "string", bodyLimit: MAX_JOB_BYTES },
      (_request, body, parsed) => {
        try {
          parsed(null, JSON.parse(body.toString()));
        } catch {
          parsed(new HttpError(400, "the body must be a job in JSON"));
        }
      },
    );

    for (const url of ["/produce", "/:topic/:event"]) {
      app.route({
        method: "POST",
        url,
        config: { access: "produce" },
        // Once the token is known to be good, before the body is read.
        preParsing: async ({ params }, reply) => {
          const { topic } = Topic.parse(params);
          return topic !== undefined && RESERVED.has(topic) ? reply.callNotFound() : undefined;
        },
        schema: {
          summary: "Work a job",
          tags: [url === "/produce" ? "worker" : "aliases"],
          headers: z.looseObject({
            prefer: z.string().optional().describe("`respond-async`: don't wait for the end"),
          }),
          body,
          response: answers,
        },
        handler: async (request, reply) => {
          const job = { ...request.body, requestId: request.id };
          if (prefersAsync(request.headers.prefer)) {
            await service.accept(job);
            return reply.code(202).header("preference-applied", "respond-async").send(undefined);
          }
          await service.produce(job);
          return reply.code(204).send(undefined);
        },
      });
    }
    done();
  };
}
