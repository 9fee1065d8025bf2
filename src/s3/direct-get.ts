import type { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Agent } from "undici";
import { connectWithin } from "../http-client/connect.js";
import type { Bucket, Deadline, SendOptions } from "./bucket.js";
import { CONNECT_TIMEOUT_MS, IDLE_TIMEOUT_MS, MAX_SOCKETS } from "./client.js";
import { unquote } from "./etag.js";

/** A version of an object. */
interface Version {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
}

type Config = S3Client["config"];
type Signer = Awaited<ReturnType<Config["signer"]>>;
type Signing = NonNullable<Parameters<Signer["sign"]>[1]>;

/** Where the objects of a bucket are, and how requests for them are signed. */
interface Way {
  readonly url: URL;
  readonly signer: Signer;
  readonly signing: Signing;
  /** Of the SDK's client, which learns how wrong this machine's clock is. */
  readonly config: Config;
}

/**
 * GetObject for thousands of small objects. The SDK takes each call through thirty steps that look up anew what is the same
 * for all of them, which takes ten times as long as the request. So the first calls are the SDK's and show where the bucket
 * is; those after them are only signed, by the SDK's own signer, and sent.
 *
 * One answer is understood here, the bytes that were asked for. Whatever else comes, the SDK is to be asked: it knows about
 * retries, redirects, wrong clocks and errors, and its next success shows the way again.
 */
export class DirectGet {
  readonly #bucket: Bucket;
  readonly #idleTimeoutMs: number;
  readonly #agent = new Agent({ connections: MAX_SOCKETS, connect: connectWithin(CONNECT_TIMEOUT_MS) });
  #way: Way | undefined;

  /** @param idleTimeoutMs without a byte after which a body is given up */
  constructor(bucket: Bucket, idleTimeoutMs = IDLE_TIMEOUT_MS) {
    this.#bucket = bucket;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Learns the way from a command that the SDK is about to send. */
  watch({ middlewareStack }: GetObjectCommand): void {
    if (this.#way !== undefined) return;
    middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        await this.#learn(context.endpointV2);
        return result;
      },
      // Once the endpoint is known, and around the step that throws what isn't a success.
      { step: "finalizeRequest" },
    );
  }

  async #learn(endpoint: ReturnType<Config["endpointProvider"]> | undefined): Promise<void> {
    const scheme = endpoint?.properties?.authSchemes?.[0];
    // S3 Express and access points of several regions are signed in other ways.
    if (endpoint === undefined || scheme?.name !== "sigv4") return;
    const { signingRegion, signingName } = scheme;
    const { config } = await this.#bucket.client();
    this.#way = {
      url: endpoint.url,
      signer: await config.signer(scheme),
      config,
      signing: {
        ...(signingRegion !== undefined && { signingRegion }),
        ...(signingName !== undefined && { signingService: signingName }),
      },
    };
  }

  /**
   * The object's bytes; undefined when the SDK is to be asked.
   *
   * @throws DependencyError when the deadline passes, within which the body has to come as well; the signal's reason
   */
  async get(version: Version, signal: AbortSignal, deadline: Deadline): Promise<Buffer | undefined> {
    const way = this.#way;
    if (way === undefined) return undefined;
    const run = (options: SendOptions) => this.#request(way, version, options);
    const bytes = await this.#bucket.call("GetObject", version.key, signal, run, deadline);
    if (bytes === undefined) this.#way = undefined;
    return bytes;
  }

  async #request(
    { url, signer, signing, config }: Way,
    { key, size, etag }: Version,
    { abortSignal, requestTimeout }: SendOptions,
  ): Promise<Buffer | undefined> {
    try {
      const { path, headers } = await signer.sign(
        {
          method: "GET",
          protocol: url.protocol,
          hostname: url.hostname,
          path: `${url.pathname.replace(/\/$/, "")}/${key.split("/").map(encoded).join("/")}`,
          headers: { host: url.host, "if-match": etag },
        },
        { ...signing, signingDate: new Date(Date.now() + config.systemClockOffset) },
      );
      const answer = await this.#agent.request({
        origin: url.origin,
        path,
        method: "GET",
        headers,
        signal: abortSignal,
        headersTimeout: requestTimeout,
        bodyTimeout: this.#idleTimeoutMs,
      });
      const { "content-length": length, etag: tag } = answer.headers;
      if (answer.statusCode === 200 && Number(length) === size && unquote(String(tag)) === etag) {
        return Buffer.from(await answer.body.arrayBuffer());
      }
      await answer.body.dump();
    } catch {
      abortSignal.throwIfAborted();
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** As paths are signed: of what RFC 3986 reserves, `encodeURIComponent` leaves some. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
