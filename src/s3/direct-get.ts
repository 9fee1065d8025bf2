import type { S3Client } from "@aws-sdk/client-s3";
import type { Bucket, Deadline } from "./bucket.js";
import type { Version, Way } from "./quick-get.js";

type Config = S3Client["config"];

/** Asks for a version of an object; its bytes, or undefined when anything but these came. */
export type Get = (way: Way, version: Version, signal: AbortSignal) => Promise<Buffer | undefined>;

/** So long credentials are taken as they are: the SDK renews them some minutes before they end. */
const RENEWED_AFTER_MS = 1000;

/**
 * GetObject for thousands of small objects. The SDK takes each call through thirty steps that look up anew what is the same
 * for all of them, which takes ten times as long as the request. So a call of the SDK, such as a listing, shows where the bucket
 * is; those after it are only signed and sent.
 *
 * Whatever comes but the bytes that were asked for, the SDK is to be asked: it knows about retries, redirects, wrong clocks and
 * errors, and its next success shows the way again.
 */
export class DirectGet {
  readonly #bucket: Bucket;
  readonly #get: Get;
  #place: Omit<Way, "accessKeyId" | "secretAccessKey" | "sessionToken" | "clockOffsetMs"> | undefined;
  #way: Way | undefined;
  #renewed = 0;
  #isWatching = false;

  constructor(bucket: Bucket, get: Get) {
    this.#bucket = bucket;
    this.#get = get;
  }

  /** Has the SDK's calls on the bucket show the way from now on, listings included. */
  async watch(): Promise<void> {
    const { middlewareStack } = await this.#bucket.client();
    if (this.#isWatching) return;
    this.#isWatching = true;
    middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        if (this.#place === undefined) await this.#learn(context.endpointV2);
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
    const { config } = await this.#bucket.client();
    const { protocol, hostname, port, host, pathname } = endpoint.url;
    this.#place = {
      protocol,
      // As a connection is made to an IPv6 address.
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port,
      host,
      path: pathname.replace(/\/?$/, "/"),
      region: scheme.signingRegion ?? (await config.region()),
      service: scheme.signingName ?? "s3",
    };
    this.#way = undefined;
  }

  /**
   * The object's bytes; undefined when the SDK is to be asked.
   *
   * @param deadline for credentials: the store's answer has its own
   * @throws DependencyError when there are no credentials, or not in time; the signal's reason
   */
  async get(version: Version, signal: AbortSignal, deadline: Deadline): Promise<Buffer | undefined> {
    if (this.#place === undefined) return undefined;
    if (this.#way === undefined || performance.now() > this.#renewed + RENEWED_AFTER_MS) {
      await this.#bucket.call("GetObject", version.key, signal, () => this.#renew(), deadline);
    }
    if (this.#way === undefined) return undefined;
    const bytes = await this.#get(this.#way, version, signal);
    signal.throwIfAborted();
    if (bytes === undefined) this.#place = undefined;
    return bytes;
  }

  async #renew(): Promise<void> {
    const { config } = await this.#bucket.client();
    const { accessKeyId, secretAccessKey, sessionToken } = await config.credentials();
    if (this.#place === undefined) return;
    // How wrong this machine's clock is, which the SDK learns.
    const clockOffsetMs = config.systemClockOffset;
    this.#way = { ...this.#place, accessKeyId, secretAccessKey, sessionToken, clockOffsetMs };
    this.#renewed = performance.now();
  }
}
