import type { STS } from "@aws-sdk/client-sts";
import { CredentialsError, type CredentialSource } from "../aws/credentials.js";

export interface AssumedRole {
  readonly arn: string;
  readonly externalId?: string | undefined;
  /** Another endpoint than AWS's. */
  readonly endpoint?: string | undefined;
}

/** Most have no role to assume, and do without the time that it takes to load. */
const stsLibrary = () => import("@aws-sdk/client-sts");

const SESSION_NAME = "vpcflow-grapherd";
const ATTEMPT_MS = 5000;
const DEADLINE_MS = 15_000;
/** Answers that may pass, besides 5xx. */
const PASSING = new Set([
  "Throttling",
  "ThrottlingException",
  "RequestLimitExceeded",
  "IDPCommunicationError",
]);

/**
 * Credentials of a role, got from STS with others. The SDK asks again before they expire.
 *
 * @param region whose STS is asked; undefined: AWS_REGION's, and without that one us-east-1's
 */
export function assumedRole(
  role: AssumedRole,
  own: CredentialSource,
  region: string | undefined,
): CredentialSource {
  const description = `the role ${role.arn}, assumed with credentials from ${own.description}`;
  return {
    description,
    check: own.check,
    provider: async () => {
      const client = await createClient(role, own, region);
      const wanted = { RoleArn: role.arn, RoleSessionName: SESSION_NAME, ExternalId: role.externalId };
      try {
        const { Credentials } = await client.assumeRole(wanted, {
          abortSignal: AbortSignal.timeout(DEADLINE_MS),
          requestTimeout: ATTEMPT_MS,
        });
        const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
        if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined) {
          throw new Error("the answer of STS lacks credentials");
        }
        return {
          accessKeyId: AccessKeyId,
          secretAccessKey: SecretAccessKey,
          sessionToken: SessionToken,
          ...(Expiration !== undefined && { expiration: Expiration }),
        };
      } catch (error) {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        const message = `can't get the credentials of ${description}: ${reason}`;
        if (await isLasting(error)) throw new CredentialsError(message, { cause: error });
        throw new Error(message, { cause: error });
      } finally {
        client.destroy();
      }
    },
  };
}

async function createClient(
  role: AssumedRole,
  own: CredentialSource,
  region: string | undefined,
): Promise<STS> {
  const { STS } = await stsLibrary();
  const options = {
    ...(role.endpoint !== undefined && { endpoint: role.endpoint }),
    ...(own.provider !== undefined && { credentials: own.provider }),
    requestHandler: { connectionTimeout: ATTEMPT_MS, throwOnRequestTimeout: true },
  };
  const client = new STS({ ...options, ...(region !== undefined && { region }) });
  try {
    await client.config.region();
    return client;
  } catch {
    client.destroy();
    return new STS({ ...options, region: "us-east-1" });
  }
}

/** Denied, malformed, expired: not what another try would mend. */
async function isLasting(error: unknown): Promise<boolean> {
  const { STSServiceException } = await stsLibrary();
  if (error instanceof CredentialsError) return true;
  if (!(error instanceof STSServiceException) || PASSING.has(error.name)) return false;
  return (error.$metadata.httpStatusCode ?? 500) < 500;
}
