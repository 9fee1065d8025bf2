import { z } from "zod";
import { boolean, secret } from "../settings.js";
import type { ExplicitCredentials } from "./credentials.js";

const text = z.string().min(1).optional();

/** Whose credentials AWS's services are called with, whichever they are. */
export const credentialSettings = {
  USE_IAM: boolean
    .prefault("true")
    .describe(
      "true: use credentials from the AWS SDK's default chain, such as the role of the instance. false: use the keys or the file below",
    ),
  AWS_CREDENTIALS_FILE: text.describe("credentials file, if USE_IAM is false; `~` is the home directory"),
  AWS_CREDENTIALS_PROFILE: text.describe("profile in the credentials file, if USE_IAM is false"),
  AWS_ACCESS_KEY_ID: secret(text.describe("access key, if USE_IAM is false. It wins over the file")),
  AWS_SECRET_ACCESS_KEY: secret(text.describe("secret of the access key")),
  AWS_SESSION_TOKEN: secret(text.describe("session token, if the access key is a temporary one")),
};

/** The settings above as clients take them. */
export function credentialsOf(
  settings: z.output<z.ZodObject<typeof credentialSettings>>,
): "iam" | ExplicitCredentials {
  if (settings.USE_IAM) return "iam";
  return {
    accessKeyId: settings.AWS_ACCESS_KEY_ID,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
    sessionToken: settings.AWS_SESSION_TOKEN,
    file: settings.AWS_CREDENTIALS_FILE,
    profile: settings.AWS_CREDENTIALS_PROFILE,
  };
}
