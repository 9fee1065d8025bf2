import type { S3 } from "@aws-sdk/client-s3";
import type { AssumedRole } from "./assume-role.js";
import type { CredentialSource, ExplicitCredentials } from "../aws/credentials.js";
import { s3Library } from "./library.js";

/** How S3 is reached: the same for every bucket. */
export interface S3Access {
  /** Another S3-compatible store than AWS. */
  readonly endpoint?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  readonly credentials: "iam" | ExplicitCredentials;
  /** To be assumed with these credentials; S3 is called as that role. */
  readonly role?: AssumedRole | undefined;
}

export interface ClientOptions {
  /** Undefined: AWS_REGION or the shared configuration file. */
  readonly region?: string | (() => Promise<string>) | undefined;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly idleTimeoutMs?: number | undefined;
  /** Of a call, the first included; the SDK repeats those that met a broken connection, a 5xx or a throttled store. */
  readonly maxAttempts?: number | undefined;
}

const CONNECT_TIMEOUT_MS = 3000;
/** A connection on which nothing moves for so long is given up, in the middle of a body as well. */
const IDLE_TIMEOUT_MS = 30_000;
/** Streams of graphs hold a connection each; a claim must not queue behind them. */
export const MAX_SOCKETS = 256;

/** Makes no connection until it is used. */
export async function createClient(
  access: S3Access,
  source: CredentialSource,
  { region, idleTimeoutMs = IDLE_TIMEOUT_MS, maxAttempts = 3 }: ClientOptions,
): Promise<S3> {
  const { S3 } = await s3Library();
  const client = new S3({
    ...(region !== undefined && { region }),
    ...(access.endpoint !== undefined && { endpoint: access.endpoint }),
    forcePathStyle: access.forcePathStyle ?? false,
    ...(source.provider !== undefined && { credentials: source.provider }),
    maxAttempts,
    // Other stores than AWS know neither the checksum headers nor the trailers that the SDK adds of its own accord.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: idleTimeoutMs,
      // Each call sets its own requestTimeout; without this the SDK would only warn when it passes.
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS },
    },
  });
  // For a log that nobody keeps, it would copy each answer, and of a listing that is a thousand objects.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}
