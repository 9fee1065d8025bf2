import * as http from "node:http";
import * as https from "node:https";
import { MAX_SOCKETS } from "./client.js";
import { unquote } from "./etag.js";
import { GetSigner, type Way } from "./sign-get.js";

/** A version of an object. */
export interface Version {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
}

const AGENT = { keepAlive: true, maxSockets: MAX_SOCKETS };
const httpAgent = new http.Agent(AGENT);
const httpsAgent = new https.Agent(AGENT);

/** GetObject, for thousands of small objects on one way. It understands one answer: the bytes that were asked for. */
export class QuickGet {
  readonly #signer: GetSigner;
  readonly #where: http.RequestOptions;
  readonly #request: typeof http.get;
  readonly #withinMs: number;

  /** @param withinMs milliseconds until all of an object has to be there */
  constructor(way: Way, withinMs: number) {
    const { protocol, hostname, port } = way;
    const isSecure = protocol === "https:";
    this.#signer = new GetSigner(way);
    this.#where = { protocol, hostname, port, agent: isSecure ? httpsAgent : httpAgent };
    this.#request = isSecure ? https.get : http.get;
    this.#withinMs = withinMs;
  }

  /**
   * Gives the bytes of this very version; undefined when anything else came, or nothing in time.
   *
   * @returns what ends it
   */
  get({ key, size, etag }: Version, give: (bytes: Buffer | undefined) => void): () => void {
    const chunks: Buffer[] = [];
    let isSettled = false;
    const settle = (bytes: Buffer | undefined) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      give(bytes);
    };
    const request = this.#request({ ...this.#where, ...this.#signer.sign(key, etag) });
    const end = () => {
      settle(undefined);
      request.destroy();
    };
    const late = setTimeout(end, this.#withinMs);
    request.on("error", end);
    request.on("response", (answer) => {
      const { "content-length": length, etag: tag } = answer.headers;
      if (answer.statusCode !== 200 || Number(length) !== size || unquote(tag) !== etag) return end();
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => settle(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
      answer.on("error", end);
    });
    return end;
  }
}
