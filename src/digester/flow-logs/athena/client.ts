import type * as Library from "@aws-sdk/client-athena";
import type { CredentialSource } from "../../../aws/credentials.js";

/** The SDK's client with the commands that it takes. */
export interface Athena {
  readonly client: Library.AthenaClient;
  readonly library: typeof Library;
}

export interface AthenaAccess {
  /** Undefined: AWS_REGION's, or the shared configuration file's. */
  readonly region?: string | undefined;
  /** Another endpoint than AWS's. */
  readonly endpoint?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 3000;
const ATTEMPT_MS = 15_000;
/** Many jobs may ask at once, and are throttled then; the SDK waits longer each time. */
const MAX_ATTEMPTS = 8;

/** Loads the SDK's client, which nobody needs who reads flow logs elsewhere. Makes no connection. */
export async function athenaClient(
  { region, endpoint }: AthenaAccess,
  { provider }: CredentialSource,
): Promise<Athena> {
  const library = await import("@aws-sdk/client-athena");
  const client = new library.AthenaClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(provider !== undefined && { credentials: provider }),
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ATTEMPT_MS,
      throwOnRequestTimeout: true,
    },
  });
  return { client, library };
}
