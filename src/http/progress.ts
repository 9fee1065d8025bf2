import { Readable } from "node:stream";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import Negotiator from "negotiator";
import { z } from "zod";
import { RetryLaterError } from "../errors.js";
import { JobProgress } from "../marker/marker.js";
import type { Service } from "../service.js";
import type { TimeWindow } from "../window.js";
import { eventStream } from "./event-stream.js";
import type { LimitSettings } from "./limits.js";
import { whenEnded, whileConnected } from "./request-end.js";
import { anyFailure, failure } from "./responses.js";
import { strictly } from "./strictly.js";
import { instant, scopeParameters, withWindow } from "./window-query.js";

const STREAM_TYPE = "text/event-stream";
/** Of the requests that are answered at once, streams may be so many at most: a tenth, so that they leave room for others. */
const STREAMS_PART = 10;
const BUSY_RETRY_MS = 5000;

const { filesDone, files, records } = JobProgress.shape;

const Progress = z
  .object({
    window: z.object({ start: z.iso.datetime(), stop: z.iso.datetime() }),
    scope: z.string().optional().describe("The part of the flow logs that was asked about, if it isn't all"),
    state: z
      .enum(["queued", "settling", "reading", "storing", "done", "failed", "none"])
      .describe(
        "`queued`: the job waits, or its worker hasn't reported yet; `settling`: the job waits until the flow logs have arrived; " +
          "`reading` flow logs; `storing` the graph; `done`: the graph is stored; `failed`: `reason` says why; `none`: nobody has asked for this graph",
      ),
    until: z.iso.datetime().optional().describe("When the flow logs are expected to be complete"),
    filesDone: filesDone.describe("Number of files that have been read"),
    files: files.describe("Number of files in all"),
    records: records.describe("Number of records in the files that have been read"),
    reason: z.string().optional().describe("Why the last attempt failed"),
  })
  .meta({
    examples: [
      {
        window: { start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" },
        state: "reading",
        filesDone: 210,
        files: 340,
        records: 18_230_411,
      },
    ],
  });
type Progress = z.infer<typeof Progress>;

const answers = {
  200: {
    description:
      "The progress. With server-sent events: one each time it changes, until it is done, failed or none",
    content: {
      "application/json": { schema: Progress },
      [STREAM_TYPE]: {
        schema: z
          .custom<Readable>(() => true)
          .meta({ type: "string", examples: ['data: {"window":{},"state":"done"}\n\n'] }),
      },
    },
  },
  400: failure("The window is wrong"),
  500: failure("The storage or the marker failed"),
  503: failure(
    "Too many requests are being answered, too many streams are open, or the process is stopping",
    "Retry-After",
  ),
  ...anyFailure,
};

function isLast({ state }: Progress): boolean {
  return state === "done" || state === "failed" || state === "none";
}

/** GET /graph/progress. */
export function progressRoutes(
  service: Service,
  { HTTP_MAX_REQUESTS: maxRequests }: Pick<LimitSettings, "HTTP_MAX_REQUESTS">,
): FastifyPluginCallbackZod {
  const maxStreams = Math.max(1, Math.floor(maxRequests / STREAMS_PART));
  let streams = 0;

  async function look(window: TimeWindow, signal: AbortSignal): Promise<Progress> {
    const progress = await service.progress(window, signal);
    const { start, stop, scope } = window;
    const about = { window: { start, stop }, scope };
    if (progress.state !== "settling") return { ...about, ...progress };
    return { ...about, state: "settling", until: progress.until.toISOString() };
  }

  return (app, _, done) => {
    app.get(
      "/graph/progress",
      {
        schema: {
          operationId: "getProgress",
          summary: "The progress of a graph, whichever process makes it",
          description: `With \`Accept: ${STREAM_TYPE}\`: as server-sent events, for a browser's EventSource. Close it after \`done\`, \`failed\` or \`none\`: the stream ends then, and EventSource would ask again.`,
          tags: ["graph"],
          querystring: strictly({
            start: instant("start"),
            stop: instant("stop"),
            ...scopeParameters,
          }).transform(withWindow(service)),
          response: answers,
        },
      },
      async (request, reply) => {
        const { window } = request.query;
        reply.header("cache-control", "no-store").header("vary", "Accept");
        const signal = AbortSignal.any([whileConnected(reply), service.stopping]);
        const types = new Negotiator(request.raw).mediaTypes(["application/json", STREAM_TYPE]);
        // JSON also to whoever accepts neither.
        if (types[0] !== STREAM_TYPE) return reply.type("application/json").send(await look(window, signal));
        if (streams >= maxStreams) throw new RetryLaterError(`${streams} streams are open`, BUSY_RETRY_MS);
        streams++;
        whenEnded(reply, () => streams--);
        const first = await look(window, signal);
        const watched = { first, look: () => look(window, signal), isLast };
        // nginx would keep the events to itself until there are many.
        reply.type(STREAM_TYPE).header("x-accel-buffering", "no");
        return reply.send(Readable.from(eventStream(watched, signal), { objectMode: false }));
      },
    );
    done();
  };
}
