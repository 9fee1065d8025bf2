import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip, gunzipSync } from "node:zlib";
import { convert } from "../../src/graph/convert.js";
import type { TimeWindow } from "../../src/window.js";
import { startDigesterd, type Digesterd } from "./digesterd.js";
import { S3Server } from "./s3/server.js";
import { ServiceProcess } from "./service-process.js";

/** The service as it is deployed: processes that share two buckets and a vpcflow-digesterd. */
export class Deployment {
  readonly s3: S3Server;
  readonly digesterd: Digesterd;
  readonly #processes: Promise<ServiceProcess>[] = [];
  #ended = false;

  private constructor(s3: S3Server, digesterd: Digesterd) {
    this.s3 = s3;
    this.digesterd = digesterd;
    // Each window has a digest of its own, so that one in the wrong place is seen.
    digesterd.send = (url, response) =>
      response.writeHead(200).end(digestOf(url.searchParams.get("start") ?? ""));
  }

  static async start(): Promise<Deployment> {
    return new Deployment(await S3Server.start("graphs", "claims"), await startDigesterd(""));
  }

  /** Another process; what `env` says comes on top of what they share. */
  async process(env: NodeJS.ProcessEnv = {}, nodeOptions: readonly string[] = []): Promise<ServiceProcess> {
    const shared = {
      GRAPH_STORAGE_BUCKET: "graphs",
      GRAPH_STORAGE_BUCKET_REGION: "us-east-1",
      GRAPH_PROGRESS_BUCKET: "claims",
      GRAPH_PROGRESS_BUCKET_REGION: "us-east-1",
      AWS_ENDPOINT_URL_S3: this.s3.url,
      GRAPH_S3_FORCE_PATH_STYLE: "true",
      USE_IAM: "false",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      DIGESTER_ENDPOINT: this.digesterd.server.url.href,
      DIGESTER_POLLING_INTERVAL: "100",
      WORKER_RETRY_DELAY: "10ms",
      RUNTIME_SHUTDOWN_TIMEOUT: "1s",
    };
    if (this.#ended) throw new Error("the deployment has ended");
    const started = ServiceProcess.start({ ...shared, ...env }, nodeOptions);
    this.#processes.push(started);
    return started;
  }

  /** Ends everything, what is about to start as well. */
  async end(): Promise<void> {
    this.#ended = true;
    const started = await Promise.allSettled(this.#processes);
    await Promise.all(started.map(async (each) => each.status === "fulfilled" && each.value.kill()));
    await Promise.all([this.s3.stop(), this.digesterd.server.close()]);
  }

  /** The DOT that is stored for the window. Throws when it isn't whole gzip. */
  stored(window: TimeWindow): string | undefined {
    const content = this.s3.bucket("graphs").get(`${window.id}.dot`)?.content;
    return Buffer.isBuffer(content) ? gunzipSync(content).toString() : undefined;
  }

  /** Requests so far that make a graph appear. */
  storings(window: TimeWindow): number {
    const making = new Set(["PutObject", "CompleteMultipartUpload"]);
    return this.s3.log.filter(
      ({ bucket, key, operation = "" }) =>
        bucket === "graphs" && key === `${window.id}.dot` && making.has(operation),
    ).length;
  }

  /** Keys of the claims that are held now. Beside them may be what a process that was killed tried the bucket with. */
  claims(): readonly string[] {
    return this.s3
      .bucket("claims")
      .keys()
      .filter((key) => key.endsWith("_in_progress"));
  }
}

/** A digest of some edges that bears a name, such as its window's start, in every line. */
export function digestOf(name: string, edges = 20): string {
  const line = (n: number) =>
    `2 123456789010 eni-${name} 10.0.${n % 256}.1 10.1.${n % 200}.2 ${n % 65536} 443 6 20 4249 1418530010 1418530070 ACCEPT OK\n`;
  return Array.from({ length: edges }, (_, n) => line(n)).join("");
}

/** The DOT of a digest. */
export async function dotOf(digest: string): Promise<string> {
  const options = {
    maxDigestBytes: Number.MAX_SAFE_INTEGER,
    signal: new AbortController().signal,
  };
  const gunzip = createGunzip();
  const [, dot] = await Promise.all([
    pipeline(convert(Readable.from([Buffer.from(digest)]), options).body, gunzip),
    text(gunzip),
  ]);
  return dot;
}
