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

/** What headers say of a graph, made once for as long as whoever has it at hand keeps it. */
interface Description {
  /** Of the graph as text, and as gzip. */
  readonly etags: readonly [string, string];
  readonly lastModified: string;
}
const descriptionOf = new WeakMap<GraphInfo, Description>();

function described(graph: GraphInfo): Description {
  const known = descriptionOf.get(graph);
  if (known !== undefined) return known;
  const { version, modified } = graph;
  const description: Description = {
    etags: [`"${version}"`, `"${version}-gzip"`],
    lastModified: modified.toUTCString(),
  };
  descriptionOf.set(graph, description);
  return description;
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

  /** Whether the caller has this graph already, in whichever form. Its time counts only where no tag is named. */
  #isKnown({ "if-none-match": ifNoneMatch, "if-modified-since": since }: IncomingHttpHeaders): boolean {
    if (ifNoneMatch === undefined) return this.#isUnmodified(since);
    if (ifNoneMatch.trim() === "*") return true;
    // A weak comparison, as RFC 9110, 13.1.2 has it; a tag may contain commas.
    const known: readonly string[] = ifNoneMatch.match(/"[^"]*"/g) ?? [];
    return described(this.#graph).etags.some((etag) => known.includes(etag));
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
    const { etags, lastModified } = described(this.#graph);
    reply
      .header("vary", "Accept-Encoding")
      .header("etag", etags[this.gzip ? 1 : 0])
      .header("last-modified", lastModified);
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
