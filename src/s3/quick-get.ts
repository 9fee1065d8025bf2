import * as http from "node:http";
import * as https from "node:https";
import type { SignatureV4 } from "@smithy/signature-v4";
import { MAX_SOCKETS } from "./client.js";
import { unquote } from "./etag.js";
import { Sha256 } from "./sha256.js";

/** Where the objects of a bucket are, and what requests for them are signed with. */
export interface Way {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  /** With its port, where that is an unusual one. */
  readonly host: string;
  /** In front of an object's key, with a slash at its end. */
  readonly path: string;
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Milliseconds by which the store's clock is ahead of this machine's. */
  readonly clockOffsetMs: number;
}

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
  readonly #way: Way;
  readonly #signer: Promise<SignatureV4>;
  readonly #agent: http.Agent;
  readonly #request: typeof http.get;
  readonly #withinMs: number;

  /** @param withinMs milliseconds until all of an object has to be there */
  constructor(way: Way, withinMs: number) {
    const isSecure = way.protocol === "https:";
    this.#way = way;
    this.#signer = createSigner(way);
    this.#agent = isSecure ? httpsAgent : httpAgent;
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
    let request: http.ClientRequest | undefined;
    let isSettled = false;
    const settle = (bytes: Buffer | undefined) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      give(bytes);
    };
    const end = () => {
      settle(undefined);
      request?.destroy();
    };
    const late = setTimeout(end, this.#withinMs);
    const send = async () => {
      const options = await this.#sign(key, etag);
      if (isSettled) return;
      request = this.#request(options);
      request.on("error", end);
      request.on("response", (answer) => {
        const { "content-length": length, etag: tag } = answer.headers;
        if (answer.statusCode !== 200 || Number(length) !== size || unquote(tag) !== etag) return end();
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => settle(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
        answer.on("error", end);
      });
    };
    send().catch(end);
    return end;
  }

  async #sign(objectKey: string, etag: string): Promise<http.RequestOptions> {
    const { protocol, hostname, port, host, path, clockOffsetMs } = this.#way;
    const where = { protocol, hostname, path: path + encodedKey(objectKey) };
    const signer = await this.#signer;
    const { headers } = await signer.sign(
      { ...where, method: "GET", headers: { host, "if-match": etag } },
      { signingDate: new Date(Date.now() + clockOffsetMs) },
    );
    // Node sends a list of names and values as it is; it checks what is in an object one by one.
    return { ...where, port, agent: this.#agent, headers: Object.entries(headers).flat() };
  }
}

/** A thread that only reads files does without the library, which takes 50 ms to load. */
async function createSigner({ region, service, ...way }: Way): Promise<SignatureV4> {
  const { SignatureV4 } = await import("@smithy/signature-v4");
  const { accessKeyId, secretAccessKey, sessionToken } = way;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  // S3 takes a path as it is sent; other services encode it once more.
  return new SignatureV4({ region, service, credentials, sha256: Sha256, uriEscapePath: false });
}

function encodedKey(key: string): string {
  // Most have nothing to encode.
  return /^[\w.~/-]*$/.test(key) ? key : key.split("/").map(encoded).join("/");
}

/** As paths are signed: of what RFC 3986 reserves, `encodeURIComponent` leaves some. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
