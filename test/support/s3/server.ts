import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerObjectRequest, S3Error, type Answer } from "./operations.js";
import { Faults, type Fault } from "./faults.js";
import { parseRequest, readBody, type S3Request } from "./request.js";
import { Bucket } from "./store.js";
import { errorXml } from "./xml.js";
import { listen, type Listening } from "../listen.js";

const MAX_SKEW_MS = 15 * 60_000;

/**
 * An S3 server in memory, on a real socket, for what the service calls: objects, ListObjectsV2, multipart uploads and
 * conditional writes, path-style. Signatures aren't verified; access key ids and signing times are.
 */
export class S3Server {
  readonly buckets = new Map<string, Bucket>();
  readonly faults = new Faults();
  /** Every request in the order of arrival, failed ones included. */
  readonly log: S3Request[] = [];
  /** Milliseconds by which the store's clock is ahead of this machine's. */
  clockOffsetMs = 0;
  /** Access key ids that are accepted; undefined: any. */
  accessKeys: ReadonlySet<string> | undefined;
  /** Headers that the store takes for decoration, such as `if-match`. */
  ignoredHeaders: ReadonlySet<string> = new Set();
  /** Regions of buckets, by name: requests signed for another one are redirected. Without an entry: any. */
  readonly regions = new Map<string, string>();
  /** True: DELETE honours If-Match, as AWS does since 2025 and few others do. */
  conditionalDeletes = false;

  readonly #listening: Listening;
  readonly #open = new Map<ServerResponse, S3Request>();

  private constructor(listening: Listening) {
    this.#listening = listening;
  }

  static async start(...buckets: string[]): Promise<S3Server> {
    const server = createServer();
    const started = new S3Server(await listen(server));
    for (const name of buckets) started.buckets.set(name, new Bucket());
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      // Whoever breaks off a request has no use for an answer.
      started.#serve(message, response).catch(() => response.destroy());
    });
    return started;
  }

  async stop(): Promise<void> {
    await this.#listening.close();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listening.port}`;
  }

  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket === undefined) throw new Error(`the test has no bucket ${name}`);
    return bucket;
  }

  now(): Date {
    return new Date(Date.now() + this.clockOffsetMs);
  }

  /** Connections taken so far. */
  get connections(): number {
    return this.#listening.connections;
  }

  /** Requests that still occupy a connection. */
  open(): string[] {
    return [...this.#open.values()].map(({ operation, key }) => `${operation} ${key}`);
  }

  /** Requests so far of one operation. */
  count(operation: S3Request["operation"]): number {
    return this.log.filter((request) => request.operation === operation).length;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = parseRequest(message);
    this.log.push(request);
    this.#open.set(response, request);
    response.once("close", () => this.#open.delete(response));
    const body = await readBody(message);
    const fault = this.faults.take(request);
    if (fault?.kind === "hang") return;
    if (fault?.kind === "reset") {
      message.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === "hold") await fault.until;
    if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const answer = this.#answer(request, body, fault);
    if (fault?.kind === "lose-answer") {
      message.socket.resetAndDestroy();
      return;
    }
    await send(answer, request, response, fault, this.now());
  }

  #answer(request: S3Request, body: Buffer, fault: Fault | undefined): Answer {
    try {
      if (fault?.kind === "error") throw new S3Error(fault.status, fault.code);
      if (fault?.kind === "error-in-200") return { status: 200, body: errorXml(fault.code, "a switch") };
      this.#authenticate(request);
      const bucket = this.buckets.get(request.bucket);
      if (bucket === undefined) throw new S3Error(404, "NoSuchBucket");
      this.#redirect(request);
      return answerObjectRequest(request, body, bucket, {
        now: this.now(),
        ignoredHeaders: this.ignoredHeaders,
        conditionalDeletes: this.conditionalDeletes,
      });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return {
        status: error.status,
        headers: { "content-type": "application/xml", ...error.headers },
        body: errorXml(error.code, error.message),
      };
    }
  }

  #redirect(request: S3Request): void {
    const region = this.regions.get(request.bucket);
    const signed = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers["authorization"] ?? "")?.[1];
    if (region === undefined || region === signed) return;
    throw new S3Error(301, "PermanentRedirect", { "x-amz-bucket-region": region });
  }

  #authenticate(request: S3Request): void {
    const accessKey = /Credential=([^/]+)\//.exec(request.headers["authorization"] ?? "")?.[1];
    if (accessKey === undefined) throw new S3Error(403, "AccessDenied");
    if (this.accessKeys !== undefined && !this.accessKeys.has(accessKey)) {
      throw new S3Error(403, "InvalidAccessKeyId");
    }
    const signed = (request.headers["x-amz-date"] ?? "").replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      "$1-$2-$3T$4:$5:$6Z",
    );
    if (Math.abs(Date.parse(signed) - this.now().getTime()) > MAX_SKEW_MS) {
      throw new S3Error(403, "RequestTimeTooSkewed");
    }
  }
}

async function send(
  answer: Answer,
  request: S3Request,
  response: ServerResponse,
  fault: Fault | undefined,
  now: Date,
): Promise<void> {
  const { status, headers = {}, body = "" } = answer;
  response.writeHead(status, {
    date: now.toUTCString(),
    ...(typeof body === "string" ? { "content-length": Buffer.byteLength(body) } : {}),
    ...headers,
  });
  const cut = fault?.kind === "cut-body" || fault?.kind === "stall-body" ? fault.afterBytes : undefined;
  // What is at hand goes in one write, with its head.
  if (request.method === "HEAD" || typeof body === "string" || (Buffer.isBuffer(body) && cut === undefined)) {
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const limit = cut ?? Number.POSITIVE_INFINITY;
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  let sent = 0;
  for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
    const bytes = Buffer.from(chunk).subarray(0, limit - sent);
    sent += bytes.length;
    if (!response.write(bytes)) {
      await once(response, "drain", { signal: closed.signal }).catch(() => undefined);
    }
    if (closed.signal.aborted) return;
    if (sent < limit) continue;
    if (fault?.kind === "cut-body") response.socket?.end();
    return;
  }
  response.end();
}
