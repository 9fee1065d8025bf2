import { pipeline, Readable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "../answer/answers.js";
import { SupersededError } from "../errors.js";
import { acceptsGzip } from "./accepts-gzip.js";

/** Answers from what is stored now, once more when that was made again while it was read. */
export async function answerFresh(answer: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof SupersededError)) throw error;
    return answer();
  }
}

/**
 * Sends an answer that is computed, unless the caller has it already. As gzip to whoever accepts that: a view of many links
 * is a tenth of its size then.
 */
export async function sendAnswer(
  answer: Answer,
  mediaType: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const gzip = acceptsGzip(request);
  reply
    .header("vary", "Accept, Accept-Encoding")
    .header("cache-control", "no-cache")
    .header("etag", etagOf(answer, gzip));
  const known = new Set<string>(request.headers["if-none-match"]?.match(/"[^"]*"/g));
  if (known.has(etagOf(answer, false)) || known.has(etagOf(answer, true))) {
    await answer.close();
    return reply.code(304).send(undefined);
  }
  reply.type(mediaType);
  if (request.method === "HEAD") {
    await answer.close();
    return reply.send(undefined);
  }
  let pieces;
  try {
    pieces = Readable.from(await answer.pieces(), { objectMode: false });
  } catch (error) {
    await answer.close();
    throw error;
  }
  // Files that are still open when nobody reads any more; what fails then has no reader.
  pieces.once("close", () => void answer.close().catch(() => undefined));
  if (!gzip) return reply.send(pieces);
  reply.header("content-encoding", "gzip");
  const compressed = createGzip({ level: constants.Z_BEST_SPEED });
  return reply.send(pipeline(pieces, compressed, () => undefined));
}

function etagOf({ version }: Answer, gzip: boolean): string {
  return `"${version}${gzip ? "-gzip" : ""}"`;
}
