import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Entry, refOf } from "../entry.js";
import type { Service } from "../service.js";
import { parseMinute, WindowError } from "../window.js";
import { count } from "./count.js";
import { HttpError } from "./errors.js";
import { whileConnected } from "./request-end.js";
import { anyFailure, failure } from "./responses.js";
import { strictly } from "./strictly.js";
import { scopeParameters, withScope } from "./window-query.js";

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** A parameter that is given once, if at all. */
function single(name: string) {
  return z.string(`${name} must be given once`).optional();
}

function time(name: "from" | "to", meaning: string) {
  return single(name)
    .transform((text, context) => {
      try {
        return text === undefined ? undefined : parseMinute(name, text);
      } catch (error) {
        if (!(error instanceof WindowError)) throw error;
        context.addIssue(error.message);
        return z.NEVER;
      }
    })
    .meta({
      description: `${meaning}. RFC 3339, cut down to the minute in UTC`,
      example: name === "from" ? "2019-06-01T00:00:00Z" : "2019-06-02T00:00:00Z",
      format: "date-time",
    });
}

const parameters = {
  from: time("from", "Only windows that end after this time"),
  to: time("to", "Only windows that end at this time or before"),
  limit: count("limit", MAX_LIMIT, `Graphs on a page: ${DEFAULT_LIMIT} by default, at most ${MAX_LIMIT}`),
  after: single("after")
    .refine(
      (key) => key === undefined || refOf(key) !== undefined,
      "after must be the value of next in the page before",
    )
    .meta({ description: "The value of `next` in the page before" }),
  ...scopeParameters,
};

const Query = strictly(parameters)
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, "from must be before to")
  .transform(withScope);

const Numbers = Entry.pick({ nodes: true, edges: true, rejected: true, bytes: true });
const { incomplete, table, findings } = Entry.shape;

const Graph = z
  .object({
    id: z.string().describe("Names the graph: `<id>.dot` in the bucket"),
    window: z.object({ start: z.iso.datetime(), stop: z.iso.datetime() }),
    scope: z
      .string()
      .optional()
      .describe("The part of the flow logs that it is of. Left out where it is of all"),
    made: z.iso.datetime().describe("When it was made"),
    nodes: Numbers.shape.nodes.describe("Distinct addresses"),
    edges: Numbers.shape.edges.describe("Lines of the graph, one for each direction"),
    rejected: Numbers.shape.rejected.describe("Edges whose traffic was rejected"),
    bytes: Numbers.shape.bytes.describe("Size of the DOT, not compressed"),
    incomplete: incomplete.describe("Whether AWS lost records of the window (SKIPDATA)"),
    table: table.describe("Whether the edges are also stored as a table in Parquet"),
    findings: findings.describe("The number of findings of each severity"),
  })
  .describe("A stored graph. Numbers that nobody has counted are left out");

const Page = z
  .object({
    graphs: z.array(Graph),
    next: z
      .string()
      .optional()
      .describe(
        "Send this as `after` to get the next page. A page may have fewer graphs than the limit. The last page has no `next`",
      ),
    unlisted: z
      .int()
      .optional()
      .describe(
        "Only on the first page: the number of graphs whose window nobody knows, because the Go service made them. At most a minute old. " +
          "`GET /graph` of its window adds a graph to the list. Left out if there are too many graphs to count",
      ),
  })
  .meta({
    description: "Graphs. The window that ends last comes first",
    examples: [
      {
        graphs: [
          {
            id: "3d5b7d6c-7f0d-5f0e-9a43-0c6b9d2f4a11",
            window: { start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" },
            made: "2019-06-01T01:20:04.000Z",
            nodes: 35,
            edges: 290,
            rejected: 88,
            bytes: 121_527,
            incomplete: false,
            table: true,
          },
        ],
        next: "4197342498-4197342558-3d5b7d6c-7f0d-5f0e-9a43-0c6b9d2f4a11",
        unlisted: 0,
      },
    ],
  });

const answers = {
  200: Page,
  400: failure("A parameter is unknown or wrong"),
  500: failure("The storage failed"),
  501: failure("The storage keeps no list"),
  503: failure("Too many requests are being answered, or the process is stopping", "Retry-After"),
  ...anyFailure,
};

/** GET /graphs. */
export function graphsRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    app.get(
      "/graphs",
      {
        schema: {
          operationId: "listGraphs",
          summary: "The stored graphs",
          description:
            "Graphs that are being made are not in the list. With `account`, `region` or `vpc`: those of this very scope.",
          tags: ["graph"],
          querystring: Query,
          response: answers,
        },
      },
      async (request, reply) => {
        const { limit = DEFAULT_LIMIT, ...query } = request.query;
        const [page, unlisted] = await Promise.all([
          service.list({ ...query, limit }, whileConnected(reply)),
          query.after === undefined ? service.unlisted() : undefined,
        ]);
        if (page === undefined) {
          throw new HttpError(501, "the storage of this service keeps no list of its graphs");
        }
        return {
          graphs: page.graphs.map(({ start, stop, modified, ...known }) => ({
            ...known,
            window: { start, stop },
            made: modified.toISOString(),
          })),
          next: page.next,
          unlisted,
        };
      },
    );
    done();
  };
}
