import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { USUAL_LIMIT } from "../finding/findings.js";
import type { Service } from "../service.js";
import { answerFresh, sendAnswer } from "./answer.js";
import { HttpError } from "./errors.js";
import { answerUnanswered } from "./missing.js";
import { count } from "./count.js";
import { whileConnected } from "./request-end.js";
import { anyFailure, empty, failure } from "./responses.js";
import { strictly } from "./strictly.js";
import { otherWindow, viewParameters } from "./view-query.js";
import { instant, scopeParameters, withWindow } from "./window-query.js";

const MAX_BASELINE = 60;
const MAX_LIMIT = 1000;

const Time = z.string().nullable().describe("RFC 3339; null if the graph has no times");
const Window = z.object({ start: z.string(), stop: z.string() });

const Findings = z
  .object({
    window: Window,
    scope: z.string().optional().describe("The part of the flow logs that the graph is of, if it isn't all"),
    before: z.array(Window).describe("The windows that this one was compared with"),
    incomplete: z.boolean().optional().describe("Whether AWS lost records. Left out if nobody knows"),
    findings: z.array(
      z.object({
        id: z.string().describe("The same for the same thing in another window"),
        rule: z.string(),
        also: z.array(z.string()).describe("Other rules that say something of the same traffic"),
        severity: z.enum(["high", "medium", "low"]),
        title: z.string(),
        hosts: z.array(z.string()),
        ports: z.array(z.number()),
        technique: z.string().describe("The technique in MITRE ATT&CK"),
        first: Time,
        last: Time,
        numbers: z.record(z.string(), z.number()),
        where: z.string().describe("The filter that shows the evidence"),
      }),
    ),
    muted: z.number(),
    more: z.number().describe("Findings beyond the limit"),
    unknown: z.array(z.string()).describe("What the graph can't tell; rules that need it find nothing"),
  })
  .meta({
    example: {
      window: { start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" },
      before: [],
      incomplete: false,
      findings: [
        {
          id: "port-scan-1f2e3d4c5b",
          rule: "port-scan",
          also: [],
          severity: "medium",
          title: "198.51.100.23 tried 47 ports of 10.20.0.51 and 2 answered: 22, 443",
          hosts: ["198.51.100.23", "10.20.0.51"],
          ports: [22, 443],
          technique: "T1046",
          first: "2019-06-01T00:20:00Z",
          last: "2019-06-01T00:41:30Z",
          numbers: { ports: 47, answered: 2 },
          where: "from:198.51.100.23 to:10.20.0.51",
        },
      ],
      muted: 0,
      more: 0,
      unknown: [],
    },
  });

/** GET /graph/findings. */
export function findingsRoutes(service: Service): FastifyPluginCallbackZod {
  const { maxWindowMs } = service.settings;
  return (app, _, done) => {
    app.route({
      method: "GET",
      url: "/graph/findings",
      schema: {
        operationId: "getFindings",
        summary: "What stands out in a window, the most urgent first",
        tags: ["graph"],
        querystring: strictly({
          start: instant("start"),
          stop: instant("stop"),
          ...scopeParameters,
          against: viewParameters.against,
          baseline: count(
            "baseline",
            MAX_BASELINE,
            "Compare with so many windows of the same length just before, as far as they are stored",
          ),
          limit: count("limit", MAX_LIMIT, `The largest number of findings; ${USUAL_LIMIT} by default`),
        }).transform(withWindow(service)),
        response: {
          200: { description: "The findings", content: { "application/json": { schema: Findings } } },
          204: empty("The graph is being made", "Retry-After"),
          304: empty("The findings haven't changed (`If-None-Match`)"),
          400: failure("The window or another parameter is wrong"),
          404: failure("There is no such graph, or none to compare with"),
          422: failure("The graph is too large"),
          500: failure("The storage or the marker failed"),
          503: failure("Too many requests are being answered, or the process is stopping", "Retry-After"),
          ...anyFailure,
        },
      },
      handler: async (request, reply) => {
        const { window, against, baseline = 0, limit = USUAL_LIMIT } = request.query;
        if (against !== undefined && baseline > 0) {
          throw new HttpError(400, "give against or baseline, not both");
        }
        const named = against === undefined ? [] : [otherWindow(against, window, maxWindowMs)];
        const earlier = window.before(baseline);
        return answerFresh(async () => {
          const outcome = await service.answer(
            { kind: "findings", limit },
            window,
            { named, earlier },
            whileConnected(reply),
          );
          if (outcome.state !== "stored") return answerUnanswered(outcome, window, reply);
          return sendAnswer(outcome.answer, "application/json; charset=utf-8", request, reply);
        });
      },
    });
    done();
  };
}
