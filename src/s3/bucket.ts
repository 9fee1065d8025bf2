import type { S3 } from "@aws-sdk/client-s3";
import { withDeadline } from "../deadline.js";
import type { DependencyName } from "../errors.js";
import { assumedRole } from "./assume-role.js";
import { createClient, type S3Access } from "./client.js";
import { credentialSource, type CredentialSource } from "../aws/credentials.js";
import { dependencyError, type CallSite } from "./errors.js";
import { regionOf } from "./region.js";

export interface BucketOptions {
  readonly access: S3Access;
  readonly bucket: string;
  /** Undefined: what AWS_REGION or the shared configuration file says. */
  readonly region?: string | undefined;
  /** Asks S3 for the region when it is undefined. */
  readonly findRegion?: boolean | undefined;
  /** Milliseconds without a byte after which a connection is given up; 30 s unless told otherwise. */
  readonly idleTimeoutMs?: number | undefined;
  /** Of each call; 3 unless told otherwise. */
  readonly maxAttempts?: number | undefined;
  /** How many times as long as usual a call may take until its answer begins: for stores that are slow. 1 unless told otherwise. */
  readonly patience?: number | undefined;
}

/** Milliseconds until an answer begins: of each attempt, and of all attempts together. */
export interface Deadline {
  readonly attemptMs: number;
  readonly totalMs: number;
}

/** What a call passes on to the SDK's `send`. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

const SMALL_CALL: Deadline = { attemptMs: 5000, totalMs: 20_000 };
const READY_CALL: Deadline = { attemptMs: 2000, totalMs: 5000 };

/** One bucket, as one port sees it: calls with deadlines, failures as that port's errors. */
export class Bucket {
  readonly name: string;
  /** Made when it is first needed: the library takes its time to load. */
  readonly client: () => Promise<S3>;
  #client: Promise<S3> | undefined;
  readonly #site: Omit<CallSite, "action">;
  readonly #source: CredentialSource;
  readonly #regionIsAsked: boolean;
  readonly #patience: number;

  constructor(dependency: DependencyName, regionSetting: string, options: BucketOptions) {
    const { access, bucket, region, idleTimeoutMs, maxAttempts, patience = 1 } = options;
    this.name = bucket;
    this.#patience = patience;
    const own = credentialSource(access.credentials);
    this.#source = access.role === undefined ? own : assumedRole(access.role, own, region);
    this.#regionIsAsked = region === undefined && options.findRegion === true;
    this.client = () =>
      (this.#client ??= createClient(access, this.#source, {
        region: this.#regionIsAsked ? regionOf(bucket, access, this.#source) : region,
        idleTimeoutMs,
        maxAttempts,
      }));
    this.#site = { dependency, bucket, source: this.#source.description, regionSetting };
  }

  /**
   * Rejects when the settings alone show that no call can succeed: no region, no credentials where they point.
   * Asks nobody, the default chain's metadata service included.
   */
  async checkSettings(): Promise<void> {
    try {
      const client = await this.client();
      if (!this.#regionIsAsked) await client.config.region();
      await this.#source.check?.();
    } catch (error) {
      throw dependencyError(error, { ...this.#site, action: `s3://${this.name}` });
    }
  }

  /**
   * Runs a call under the deadline, which ends when `run` resolves: a body that it gave is the caller's to govern.
   * `operation` names the call in messages.
   *
   * @throws DependencyError, or the signal's reason
   */
  async call<T>(
    operation: string,
    key: string,
    signal: AbortSignal,
    run: (options: SendOptions, s3: S3) => Promise<T>,
    deadline: Deadline = SMALL_CALL,
  ): Promise<T> {
    const { dependency } = this.#site;
    const wait = { dependency, doing: this.#action(operation, key), ms: this.#patience * deadline.totalMs };
    return withDeadline(wait, signal, async (abortSignal) => {
      try {
        return await run(
          { abortSignal, requestTimeout: this.#patience * deadline.attemptMs },
          await this.client(),
        );
      } catch (error) {
        throw this.error(operation, key, error);
      }
    });
  }

  /** This port's error for a failure of a call on the key. */
  error(operation: string, key: string, error: unknown): Error {
    return dependencyError(error, { ...this.#site, action: this.#action(operation, key) });
  }

  #action(operation: string, key: string): string {
    return `${operation} s3://${this.name}/${key}`;
  }

  /**
   * Resolves when the bucket can be listed now, below the prefix: permissions may end there. HeadBucket would be cheaper
   * to name but its refusals say no reason.
   */
  async ready(signal: AbortSignal, prefix = ""): Promise<void> {
    const first = { Bucket: this.name, Prefix: prefix, MaxKeys: 1 };
    await this.call("ListObjectsV2", prefix, signal, (o, s3) => s3.listObjectsV2(first, o), READY_CALL);
  }

  async close(): Promise<void> {
    (await this.#client)?.destroy();
  }
}
