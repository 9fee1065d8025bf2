import { z } from "zod";
import { credentialSettings, credentialsOf } from "../aws/settings.js";
import type { Rule } from "../registry.js";
import { boolean } from "../settings.js";
import type { S3Access } from "./client.js";

/** What every S3 bucket of the service shares: where the store is, and whose credentials it is called with. */
export const s3Settings = {
  AWS_ENDPOINT_URL_S3: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("URL of an S3-compatible store other than AWS"),
  GRAPH_S3_FORCE_PATH_STYLE: boolean
    .prefault("false")
    .describe("true: put the bucket into the path (`/bucket/key`), as most stores other than AWS need it"),
  ...credentialSettings,
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
    credentials: credentialsOf(settings),
  };
}
