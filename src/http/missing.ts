import type { FastifyReply } from "fastify";
import type { Missing, Unanswered } from "../stored-graphs.js";
import type { TimeWindow } from "../window.js";
import { answerNotFound, seconds } from "./errors.js";

/** When a caller may look again for a graph that is being made. */
const POLL_MS = 1000;

export function pollAfter(notBefore: Date | undefined): string {
  return seconds(Math.max(POLL_MS, (notBefore?.getTime() ?? 0) - Date.now()));
}

export function answerMissing(missing: Missing, reply: FastifyReply): FastifyReply {
  if (missing.state === "in progress") {
    return reply.code(204).header("retry-after", pollAfter(missing.notBefore)).send(undefined);
  }
  return answerNotFound(
    reply,
    missing.reason === undefined
      ? "nobody has asked for this graph: POST /graph makes it"
      : `the last attempt to make this graph failed: ${missing.reason}`,
  );
}

/** As `answerMissing`, where the graph that is missing may be another than the one that was asked about. */
export function answerUnanswered(missing: Unanswered, asked: TimeWindow, reply: FastifyReply): FastifyReply {
  const { window } = missing;
  if (window.id === asked.id) return answerMissing(missing, reply);
  const of = window.scope === undefined ? "" : ` of ${window.scope}`;
  const which = `against: the graph from ${window.start} to ${window.stop}${of}`;
  return answerNotFound(
    reply,
    missing.state === "in progress"
      ? `${which} is being made: ask again later`
      : `${which} doesn't exist: POST /graph makes it`,
  );
}
