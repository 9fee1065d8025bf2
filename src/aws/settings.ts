import { z } from "zod";
import { boolean, secret } from "../settings.js";
import type { ExplicitCredentials } from "./credentials.js";

const text = z.string().min(1).optional();

/** Whose credentials AWS's services are called with, whichever they are. */
export const credentialSettings = {
  USE_IAM: boolean
    .prefault("true")
    .describe("true: credentials from the SDK's default chain, such as an instance role; false: as below"),
  AWS_CREDENTIALS_FILE: text.describe("credentials file when not IAM; ~ is the home directory"),
  AWS_CREDENTIALS_PROFILE: text.describe("profile of the credentials file when not IAM"),
  AWS_ACCESS_KEY_ID: secret(text.describe("access key when not IAM; wins over the file")),
  AWS_SECRET_ACCESS_KEY: secret(text.describe("secret of the access key")),
  AWS_SESSION_TOKEN: secret(text.describe("session token of the access key, when it is a temporary one")),
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
