import { SQSClient } from "@aws-sdk/client-sqs";
import type { CredentialSource } from "../aws/credentials.js";
import type { QueueUrl } from "./queue-url.js";

const CONNECT_TIMEOUT_MS = 3000;
/** Above what a long poll is silent for. */
const IDLE_TIMEOUT_MS = 30_000;
const MAX_SOCKETS = 256;
/** What emulators and other services are signed for when no region is set: they take any. */
const ANY_REGION = "us-east-1";

/** Makes no connection until it is used. */
export async function createClient(
  { origin, region }: QueueUrl,
  { provider }: CredentialSource,
): Promise<SQSClient> {
  const options = {
    endpoint: origin,
    ...(provider !== undefined && { credentials: provider }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      // Each call sets its own requestTimeout; without this the SDK would only warn when it passes.
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS },
    },
  };
  if (region !== undefined) return new SQSClient({ ...options, region });
  const client = new SQSClient(options);
  try {
    await client.config.region();
    return client;
  } catch {
    client.destroy();
    return new SQSClient({ ...options, region: ANY_REGION });
  }
}
