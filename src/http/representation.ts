import type { IncomingHttpHeaders } from "node:http";
import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { GraphInfo, StoredGraph } from "../storage/storage.js";
import { acceptsGzip } from "./accepts-gzip.js";

/** What is larger is expanded in a stream, anew each time. */
const EXPANDED_BYTES = 1024 * 1024;

/** Graphs that are at hand, expanded: for as long as whoever has them at hand keeps them. */
const expandedOf = new WeakMap<Buffer, Buffer>();

/** Undefined when it is too large, or no gzip. */
async function expanded(gzip: Buffer): Promise<Buffer | undefined> {
  const known = expandedOf.get(gzip);
  if (known !== undefined) return known;
  try {
    const bytes = await promisify(gunzip)(gzip, { maxOutputLength: EXPANDED_BYTES });
    expandedOf.set(gzip, bytes);
    return bytes;
  } catch {
    return undefined;
  }
}

/**
 * One form of a stored graph. Stored gzip passes through to a caller that accepts it and is expanded for one that
 * doesn't; each form has a strong ETag of its own (RFC 9110, 8.8.3.3).
 */
export class Representation {
  readonly gzip: boolean;
  readonly #graph: GraphInfo;

  constructor(graph: GraphInfo, request: FastifyRequest) {
    this.#graph = graph;
    this.gzip = graph.encoding === "gzip" && acceptsGzip(request);
  }

  static #etag({ version }: GraphInfo, gzip: boolean): string {
    return `"${version}${gzip ? "-gzip" : ""}"`;
  }

  /** Whether the caller has this graph already, in whichever form. Its time counts only where no tag is named. */
  #isKnown({ "if-none-match": ifNoneMatch, "if-modified-since": since }: IncomingHttpHeaders): boolean {
    if (ifNoneMatch === undefined) return this.#isUnmodified(since);
    // A weak comparison, as RFC 9110, 13.1.2 has it; a tag may contain commas.
    const known = new Set<string>(ifNoneMatch.match(/"[^"]*"/g));
    const etags = [false, true].map((gzip) => Representation.#etag(this.#graph, gzip));
    return ifNoneMatch.trim() === "*" || etags.some((etag) => known.has(etag));
  }

  #isUnmodified(since: string | undefined): boolean {
    const time = new Date(since ?? Number.NaN);
    // Anything but the one form that HTTP dates are written in is to be ignored (RFC 9110, 13.1.3).
    if (Number.isNaN(time.getTime()) || time.toUTCString() !== since) return false;
    // As Last-Modified tells it: in whole seconds.
    return Math.floor(this.#graph.modified.getTime() / 1000) * 1000 <= time.getTime();
  }

  /**
   * Sets the headers of this form.
   *
   * @returns true when the caller has the graph already: 304, without a body
   */
  setHeaders(reply: FastifyReply): boolean {
    reply
      .header("vary", "Accept-Encoding")
      .header("etag", Representation.#etag(this.#graph, this.gzip))
      .header("last-modified", this.#graph.modified.toUTCString());
    if (this.#isKnown(reply.request.headers)) return true;
    reply.type("text/vnd.graphviz; charset=utf-8");
    if (this.gzip) reply.header("content-encoding", "gzip");
    // The length is known only when the stored bytes are sent as they are.
    if (this.gzip || this.#graph.encoding === "identity") reply.header("content-length", this.#graph.size);
    return false;
  }

  /** The bytes to send. A failure in the middle of either stream destroys the other, and so breaks the connection. */
  async of(body: StoredGraph["body"]): Promise<Readable | Buffer> {
    if (this.gzip || this.#graph.encoding === "identity") return body;
    if (body instanceof Readable) return pipeline(body, createGunzip(), () => undefined);
    return (await expanded(body)) ?? pipeline(Readable.from([body]), createGunzip(), () => undefined);
  }
}
