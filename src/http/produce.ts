import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { EnvelopeError, unwrap } from "../envelope.js";
import { Job } from "../job.js";
import type { Service } from "../service.js";
import { HttpError } from "./errors.js";
import { anyFailure, empty, failure } from "./responses.js";

/** Buses label a job's JSON as they like; these are what the description names. */
const CONTENT_TYPES = ["application/json", "application/octet-stream", "text/plain", "*/*"];

const MAX_JOB_BYTES = 64 * 1024;

const answers = {
  200: empty("The same as 204, for the daemon of Elastic Beanstalk"),
  202: empty("The worker has taken the job over (`Prefer: respond-async`)", "Preference-Applied"),
  204: empty("The graph is stored, or nothing was left to do"),
  400: failure("The body isn't a job"),
  422: failure(
    "The flow logs can't be read, now or later, or the worker may not make this graph: don't deliver the job again",
  ),
  500: failure("The storage or the marker failed"),
  502: failure("The digester failed"),
  503: failure("The worker is full, it is too early, or another worker has this job", "Retry-After"),
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

/**
 * Whether the deliverer is the daemon that brings messages of SQS to workers of Elastic Beanstalk. It takes 200 for
 * done, and everything else, 204 too, for a failure to be delivered again.
 */
function isSqsDaemon(headers: IncomingHttpHeaders): boolean {
  return headers["x-aws-sqsd-msgid"] !== undefined || /^aws-sqsd\//i.test(headers["user-agent"] ?? "");
}

function parseBody(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body must be a job in JSON");
  }
  try {
    return unwrap(body);
  } catch (error) {
    throw error instanceof EnvelopeError ? new HttpError(400, error.message) : error;
  }
}

/**
 * POST /produce, where jobs are delivered; the same under `/:topic/:event`, as buses of the Go service know it. Topics
 * may have any name, `/graph/created` too: nothing else of ours is a POST to two segments.
 */
export function produceRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    // Buses label JSON in many ways, or not at all.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      "*",
      { parseAs: "string", bodyLimit: MAX_JOB_BYTES },
      async (_request: FastifyRequest, text: string) => parseBody(text),
    );

    for (const url of ["/produce", "/:topic/:event"]) {
      app.route({
        method: "POST",
        url,
        config: { access: "produce" },
        schema: {
          operationId: url === "/produce" ? "produce" : "produceByTopic",
          summary: "Run a job",
          description:
            "The body is a job, or an SNS notification, an SQS record, an EventBridge event, a CloudEvent or a Pub/Sub push around one. " +
            "Its content type doesn't matter.",
          tags: [url === "/produce" ? "worker" : "aliases"],
          deprecated: url !== "/produce",
          consumes: CONTENT_TYPES,
          headers: z.looseObject({
            prefer: z.string().optional().describe("`respond-async`: don't wait for the end"),
          }),
          body: Job,
          response: answers,
        },
        handler: async (request, reply) => {
          const job = { ...request.body, requestId: request.id };
          const daemon = isSqsDaemon(request.raw.headers);
          // To it, 200 would mean that the job is done, and 202 that it failed: it waits.
          if (!daemon && prefersAsync(request.headers.prefer)) {
            await service.accept(job);
            return reply.code(202).header("preference-applied", "respond-async").send(undefined);
          }
          const fate = await service.work(job);
          if (fate.fate !== "done") throw fate.error;
          return reply.code(daemon ? 200 : 204).send(undefined);
        },
      });
    }
    done();
  };
}
