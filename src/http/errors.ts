import { STATUS_CODES } from "node:http";
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { RefusedError } from "../answer/refused-error.js";
import { CorruptInputError, DependencyError, RetryLaterError } from "../errors.js";
import { explain, isBeyond } from "../explain.js";
import { sentenceOf, withoutQuotation } from "../invalid-input.js";

export const ErrorBody = z
  .object({ statusCode: z.number(), error: z.string(), message: z.string() })
  .describe("What went wrong, and what to do about it");

/** An answer that is no failure of ours, with a sentence for the caller. Nobody needs to know where it came from: it has no stack. */
export class HttpError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.statusCode = statusCode;
  }
}

interface Answer {
  readonly statusCode: number;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** The one map from errors to statuses. What a 5xx says is ours alone: the detail is in the log. */
function toAnswer(error: FastifyError): Answer {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message = "is invalid" }) => ({
      field: instancePath.slice(1),
      message,
    }));
    return { statusCode: 400, message: sentenceOf(issues) };
  }
  if (error instanceof RetryLaterError) {
    return {
      statusCode: 503,
      message:
        "not now: the service is busy, it is too early, or another worker has this job; try again later",
      retryAfterMs: error.retryAfterMs,
    };
  }
  if (error instanceof RefusedError) {
    return { statusCode: error.why === "too large" ? 422 : 400, message: error.message };
  }
  if (error instanceof CorruptInputError) {
    const message = isBeyond(error)
      ? explain(error)
      : "the flow logs of this job can't be read, now or later; the log says why";
    return { statusCode: 422, message };
  }
  if (error instanceof DependencyError) {
    const { dependency, timedOut } = error;
    const statusCode =
      dependency === "digester" ? (timedOut ? 504 : 502) : dependency === "queuer" ? 502 : 500;
    const passing = `the ${dependency} ${timedOut ? "did not answer in time" : "failed"}; try again later`;
    return { statusCode, message: error.transient ? passing : explain(error) };
  }
  // What is ours to say is said as it is.
  if (error instanceof HttpError) return error;
  const statusCode = error.statusCode ?? 500;
  return { statusCode, message: statusCode < 500 ? error.message : "an unexpected failure; try again later" };
}

function event(error: Error, statusCode: number): string {
  if (error instanceof DependencyError) return "dependency-failure";
  if (error instanceof HttpError && statusCode === 503) return "retry-later";
  if (statusCode === 401) return "unauthorized";
  if (statusCode === 404) return "not-found";
  if (statusCode === 409) return "conflict";
  if (statusCode < 500) return "invalid-input";
  return error instanceof RetryLaterError ? "retry-later" : "unknown-failure";
}

export function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/** Logs why a request got its status, as one of the events that operators know. */
export function logFailure(log: FastifyBaseLogger, error: Error, statusCode: number, message?: string): void {
  const serious = statusCode >= 500 && !(error instanceof RetryLaterError || error instanceof HttpError);
  const details = {
    reason: statusCode < 500 ? withoutQuotation(message ?? error.message) : error.message,
    ...(error instanceof DependencyError && { dependency: error.dependency }),
    ...(serious && { error }),
  };
  log[serious ? "error" : "info"](details, event(error, statusCode));
}

/** Answers a request that failed, and logs why. */
export function answer(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, message, retryAfterMs } = toAnswer(error);
  logFailure(request.log, error, statusCode, error instanceof CorruptInputError ? undefined : message);
  if (retryAfterMs !== undefined) reply.header("retry-after", seconds(retryAfterMs));
  else if (statusCode === 503) reply.header("retry-after", seconds(0));
  // A graph that could not be read has been described already.
  for (const header of ["etag", "last-modified", "cache-control", "content-encoding", "content-length"]) {
    if (reply.hasHeader(header)) reply.removeHeader(header);
  }
  sendError(reply, statusCode, message);
}

/** Answers that something isn't there. Nothing failed: an Error would go a long way through Fastify. */
export function answerNotFound(reply: FastifyReply, message: string): FastifyReply {
  reply.log.info({ reason: withoutQuotation(message) }, "not-found");
  return sendError(reply, 404, message);
}

function sendError(reply: FastifyReply, statusCode: number, message: string): FastifyReply {
  return (
    reply
      .code(statusCode)
      .type("application/json; charset=utf-8")
      // It is what it should be. To hold it against the schema of its route takes as long as a good part of the answer.
      .serializer(JSON.stringify)
      .send({ statusCode, error: STATUS_CODES[statusCode] ?? "Error", message })
  );
}

/** JSON for every error, and 405 with `Allow` where the path is right but the method isn't. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request, reply) => {
    const [path = "/"] = request.url.split("?");
    const allowed = app.supportedMethods.filter((method) => app.hasRoute({ method, url: path }));
    if (allowed.length === 0) throw new HttpError(404, "there is nothing at this path");
    reply.header("allow", allowed.join(", "));
    throw new HttpError(405, `this path takes ${allowed.join(", ")}, not ${request.method}`);
  });
}
