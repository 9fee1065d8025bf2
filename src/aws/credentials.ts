import { homedir } from "node:os";
import { join } from "node:path";
import type { fromIni } from "@aws-sdk/credential-provider-ini";

type Provider = ReturnType<typeof fromIni>;

/** Where credentials come from when the SDK's default chain isn't wanted. */
export interface ExplicitCredentials {
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  readonly file?: string | undefined;
  readonly profile?: string | undefined;
}

/** No usable credentials where the settings point. Trying again can't help. */
export class CredentialsError extends Error {
  override name = "CredentialsError";
}

export interface CredentialSource {
  /** Undefined leaves the SDK's default chain in place. */
  readonly provider: Provider | undefined;
  /** Rejects when the settings alone show that there are none. Asks nobody. */
  readonly check?: (() => Promise<unknown>) | undefined;
  /** For messages: where the credentials come from. Never a secret. */
  readonly description: string;
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Of credentials that lie on this machine. */
function local(description: string, provider: () => ReturnType<Provider>): CredentialSource {
  return { description, provider, check: provider };
}

function keys(options: ExplicitCredentials): CredentialSource {
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  return local("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", async () => {
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      const [given, missing] =
        accessKeyId === undefined
          ? ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]
          : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
      throw new CredentialsError(`${given} is set without ${missing}`);
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  });
}

function file(path: string | undefined, profile = "default"): CredentialSource {
  const filepath = path === undefined ? join(homedir(), ".aws", "credentials") : expandHome(path);
  const description = `profile "${profile}" of ${filepath}`;
  return local(description, async () => {
    // Most have no such file, and do without the time that this takes to load.
    const { fromIni } = await import("@aws-sdk/credential-provider-ini");
    try {
      return await fromIni({ filepath, profile })();
    } catch (error) {
      // The SDK's message doesn't say which file it read.
      throw new CredentialsError(`no credentials in ${description}`, { cause: error });
    }
  });
}

/** `"iam"`: the SDK's default chain. Otherwise the keys when there is one, else the file and profile. */
export function credentialSource(options: "iam" | ExplicitCredentials): CredentialSource {
  if (options === "iam") {
    return { provider: undefined, description: "the SDK's default chain (USE_IAM is true)" };
  }
  if (options.accessKeyId !== undefined || options.secretAccessKey !== undefined) return keys(options);
  if (options.file !== undefined || options.profile !== undefined) return file(options.file, options.profile);
  return local("no source", async () => {
    throw new CredentialsError(
      "USE_IAM is false: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_CREDENTIALS_FILE and AWS_CREDENTIALS_PROFILE",
    );
  });
}
