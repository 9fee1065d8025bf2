import type { FastifyRequest } from "fastify";
import Negotiator from "negotiator";
import { z } from "zod";
import type { Question } from "../answer/question.js";
import { END_VALUES, parseEnd } from "../view/ends.js";
import { VIEW_FORMATS } from "../view/format/formats.js";
import { GROUP_VALUES, parseGrouping } from "../view/grouping.js";
import { MEASURES } from "../view/measure.js";
import { parseWhere } from "../view/where.js";
import { WhereError } from "../view/where-error.js";
import { termsOf } from "../view/where-terms.js";
import { TimeWindow, WindowError } from "../window.js";
import { HttpError } from "./errors.js";

const MAX_TOP = 1_000_000;

function text(name: string, description: string, example: string) {
  return z.string(`${name} must be given once`).optional().meta({ description, example });
}

function choice<const Words extends readonly [string, ...string[]]>(
  name: string,
  words: Words,
  description: string,
) {
  return z
    .enum(words, `${name} must be one of ${words.join(", ")}, and be given once`)
    .optional()
    .describe(description);
}

/** The parameters that ask for a view of a graph rather than for the graph as it is stored. */
export const viewParameters = {
  format: text(
    "format",
    `The format of the answer: ${Object.keys(VIEW_FORMATS).join(", ")}; or by \`Accept\`. \`dot\` alone is the stored graph`,
    "json",
  ),
  where: text(
    "where",
    "A filter. All terms, separated by spaces, must hold; `a,b` means one of both; `-` before a term excludes what matches",
    "port:22 -from:internet",
  ),
  edges: choice(
    "edges",
    ["conversations", "flows"],
    "`conversations`, the default: both directions together, and traffic that several interfaces logged counted once. `flows`: the rows as they are stored",
  ),
  group: text("group", `What a node is: ${GROUP_VALUES.join(", ")}`, "auto"),
  open: text(
    "open",
    "Nodes to show one level finer: their ids, separated by commas. Put ids with spaces or commas in quotes. Needs a `group` other than `host`",
    "10.20.10.0/24",
  ),
  around: text("around", `Only what is near this host or network: ${END_VALUES}`, "10.20.0.51"),
  hops: choice("hops", ["1", "2"], "How many hops away from `around`: 1, the default, or 2"),
  top: z
    .string("top must be given once")
    .regex(/^[1-9]\d{0,6}$/, `top must be a whole number from 1 to ${MAX_TOP}`)
    .refine((digits) => Number(digits) <= MAX_TOP, `top must be a whole number from 1 to ${MAX_TOP}`)
    .optional()
    .meta({
      description:
        "Only this number of links: those of findings, and the heaviest. All others are added up as `other`",
      example: "50",
    }),
  offset: z
    .string("offset must be given once")
    .regex(/^(?:0|[1-9]\d{0,8})$/, "offset must be a whole number")
    .optional()
    .meta({
      description:
        "For pages: skip this number of links, then show at most `top`. Links of findings come first, then the heaviest. Needs `top`",
      example: "0",
    }),
  by: choice("by", MEASURES, "What makes a link heavy: bytes (the default), packets or flows. Needs `top`"),
  layout: choice(
    "layout",
    ["map"],
    "`map`: JSON with the positions of the boxes and lines that the SVG draws",
  ),
  against: text(
    "against",
    "`start/stop` of another stored window: each conversation is new, gone, changed or same",
    "2019-05-31T00:00:00Z/2019-05-31T01:00:00Z",
  ),
};

/** Parameters that make something else of the graph than is stored. */
const SHAPING = Object.keys(viewParameters).filter((name) => name !== "format");

/** A view that was asked for. */
export interface ViewQuery {
  readonly question: Question;
  /** Of `VIEW_FORMATS`. */
  readonly format: string;
  readonly against: TimeWindow | undefined;
}

type Parameters = { readonly [Name in keyof typeof viewParameters]?: string | undefined };

/**
 * What view a request asks for. Undefined: the graph as it is stored.
 *
 * @throws HttpError 400 that names the parameter and what it takes, 406 that lists the formats
 */
export function viewQueryOf(
  query: Parameters & { readonly window: TimeWindow },
  request: FastifyRequest,
  maxMs: number,
): ViewQuery | undefined {
  const isView = SHAPING.some((name) => name in query);
  const format = formatOf(query.format, isView, request);
  if (format === "dot" && !isView) return undefined;
  const { where = "", edges = "conversations", layout } = query;
  const { group = format === "svg" || layout === "map" ? "auto" : "host" } = query;
  const { around, hops, top, offset, by } = query;
  if (layout !== undefined && format !== "json") throw new HttpError(400, "layout needs format=json");
  if (hops !== undefined && around === undefined)
    throw new HttpError(400, "hops needs around: a host, CIDR or name");
  if (by !== undefined && top === undefined) throw new HttpError(400, "by needs top: a number of links");
  const opened = query.open === undefined ? [] : idsOf(query.open);
  if (opened.length > 0 && group === "host")
    throw new HttpError(400, "open needs groups: group=auto, or another than host");
  if (offset !== undefined && top === undefined)
    throw new HttpError(400, "offset needs top: how many links a page has");
  const grouping = parseGrouping(group);
  if (grouping === undefined) throw mistaken("group", GROUP_VALUES.join(", "), group);
  const center = around?.split(",").map((end) => parseEnd(end) ?? notOne("around", END_VALUES, end));
  return {
    format,
    against: query.against === undefined ? undefined : otherWindow(query.against, query.window, maxMs),
    question: {
      kind: "view",
      format,
      rows: edges === "flows" ? "flows" : "conversations",
      request: {
        where: filterOf(where),
        whereText: where,
        grouping,
        open: opened,
        around: center,
        hops: hops === "2" ? 2 : 1,
        top: top === undefined ? undefined : Number(top),
        offset: offset === undefined ? undefined : Number(offset),
        by: MEASURES.find((measure) => measure === by) ?? "bytes",
        layout: layout === undefined ? undefined : "map",
      },
    },
  };
}

/** What `Accept` names, or what the request asks for by default. */
const FORMATS = Object.keys(VIEW_FORMATS);
const FORMAT_LIST = `this can be answered as ${FORMATS.join(", ")}: format=…, or Accept`;

function formatOf(wanted: string | undefined, isView: boolean, request: FastifyRequest): string {
  if (wanted !== undefined) {
    if (FORMATS.includes(wanted)) return wanted;
    throw new HttpError(406, `${FORMAT_LIST}, not ${quote(wanted)}`);
  }
  // Who takes anything gets what is the most usual: the stored graph, or the view that says the most.
  const first = isView ? "json" : "dot";
  if (request.headers.accept === undefined) return first;
  const order = [first, ...FORMATS.filter((name) => name !== first)];
  const types = new Map(order.map((name) => [mediaTypeOf(name), name]));
  const type = new Negotiator(request.raw).mediaType([...types.keys()]);
  const format = type === undefined ? undefined : types.get(type);
  if (format !== undefined) return format;
  // The stored graph was given to whoever asked before there were views, whatever it accepts.
  if (!isView) return "dot";
  throw new HttpError(406, FORMAT_LIST);
}

function mediaTypeOf(format: string): string {
  return VIEW_FORMATS[format]?.mediaType.split(";")[0] ?? "";
}

function idsOf(open: string): readonly string[] {
  try {
    const [ids, ...more] = termsOf(`open:${open}`);
    if (ids !== undefined && more.length === 0) return [...new Set(ids.values)];
  } catch (error) {
    if (!(error instanceof WhereError)) throw error;
  }
  throw mistaken("open", "ids of nodes separated by commas, those with spaces or commas in quotes", open);
}

function filterOf(where: string) {
  try {
    return parseWhere(where);
  } catch (error) {
    if (error instanceof WhereError) throw new HttpError(400, error.message);
    throw error;
  }
}

/**
 * `start/stop` of another window, which is of the same part of the flow logs as the window that it is compared with.
 *
 * @throws HttpError 400
 */
export function otherWindow(against: string, { scope }: TimeWindow, maxMs: number): TimeWindow {
  const [start, stop, ...more] = against.split("/");
  try {
    if (start !== undefined && stop !== undefined && more.length === 0) {
      return TimeWindow.parse(start, stop, maxMs).within(scope);
    }
  } catch (error) {
    if (!(error instanceof WindowError)) throw error;
    throw new HttpError(400, `against: ${error.message}`);
  }
  throw mistaken("against", "start/stop, two RFC 3339 times", against);
}

function mistaken(name: string, expected: string, got: string): HttpError {
  return new HttpError(400, `${name} must be ${expected}, not ${quote(got)}`);
}

function notOne(name: string, expected: string, got: string): never {
  throw mistaken(name, expected, got);
}

function quote(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
