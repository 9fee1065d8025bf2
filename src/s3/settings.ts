import { z } from "zod";
import type { Rule } from "../registry.js";
import { boolean, secret } from "../settings.js";
import type { S3Access } from "./client.js";

const text = z.string().min(1).optional();

/** What every S3 bucket of the service shares: where the store is, and whose credentials it is called with. */
export const s3Settings = {
  AWS_ENDPOINT_URL_S3: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("another S3-compatible store than AWS"),
  GRAPH_S3_FORCE_PATH_STYLE: boolean
    .prefault("false")
    .describe("true: address buckets as /bucket/key, as most stores other than AWS want it"),
  USE_IAM: boolean
    .prefault("true")
    .describe("true: credentials from the SDK's default chain, such as an instance role; false: as below"),
  AWS_CREDENTIALS_FILE: text.describe("credentials file when not IAM; ~ is the home directory"),
  AWS_CREDENTIALS_PROFILE: text.describe("profile of the credentials file when not IAM"),
  AWS_ACCESS_KEY_ID: secret(text.describe("access key when not IAM; wins over the file")),
  AWS_SECRET_ACCESS_KEY: secret(text.describe("secret of the access key")),
  AWS_SESSION_TOKEN: secret(text.describe("session token of the access key, when it is a temporary one")),
};

/** Graphs in one place and claims in another would be a slip, as a rule. */
export const bucketsTogether: Rule = {
  variables: ["GRAPH_STORAGE_BUCKET", "GRAPH_PROGRESS_BUCKET"],
  expected: "both or neither",
  holds: (env) =>
    (env["GRAPH_STORAGE_BUCKET"] === undefined) === (env["GRAPH_PROGRESS_BUCKET"] === undefined),
};

/** The settings above as the S3 modules take them. */
export function s3Access(settings: z.output<z.ZodObject<typeof s3Settings>>): S3Access {
  return {
    endpoint: settings.AWS_ENDPOINT_URL_S3,
    forcePathStyle: settings.GRAPH_S3_FORCE_PATH_STYLE,
    credentials: settings.USE_IAM
      ? "iam"
      : {
          accessKeyId: settings.AWS_ACCESS_KEY_ID,
          secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
          sessionToken: settings.AWS_SESSION_TOKEN,
          file: settings.AWS_CREDENTIALS_FILE,
          profile: settings.AWS_CREDENTIALS_PROFILE,
        },
  };
}
