import { z } from "zod";
import { s3Access, type s3Settings } from "../../s3/settings.js";
import { integer, secret } from "../../settings.js";
import type { BucketSourceOptions } from "./bucket.js";

/** AWS delivers within about ten minutes, as well as it can; stragglers have been seen 16 minutes late. */
export const S3_SETTLE_MS = 20 * 60_000;
/** Of a digest, over all objects that are fetched ahead. */
const BYTES_IN_FLIGHT = 64 * 1024 * 1024;

/** What the digester of flow logs can be told when they are in a bucket. */
export const bucketSettings = {
  FLOW_LOG_BUCKET_REGION: z
    .string()
    .min(1)
    .optional()
    .describe("region of the bucket of flow logs, or of Athena's results. Unset: the service asks S3"),
  FLOW_LOG_ROLE_ARN: z
    .string()
    .regex(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "expected arn:aws:iam::<account>:role/<name>")
    .optional()
    .describe("role to assume to read flow logs, for example a role of the account that has them"),
  FLOW_LOG_ROLE_EXTERNAL_ID: secret(
    z.string().min(2).optional().describe("external id that this role requires"),
  ),
  AWS_ENDPOINT_URL_STS: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("URL of a service other than AWS's to assume roles with"),
  FLOW_LOG_PREFETCH: integer(1, 256)
    .prefault("32")
    .describe(
      "objects that a job fetches at once, and four times as many up to 16 KiB. It holds at most 64 MiB of them in memory",
    ),
};

type Settings = z.output<z.ZodObject<typeof s3Settings & typeof bucketSettings>>;

export function bucketSourceOptions(config: Settings): Omit<BucketSourceOptions, "bucket" | "prefix"> {
  const { FLOW_LOG_ROLE_ARN: arn, FLOW_LOG_ROLE_EXTERNAL_ID: externalId } = config;
  return {
    access: {
      ...s3Access(config),
      role: arn === undefined ? undefined : { arn, externalId, endpoint: config.AWS_ENDPOINT_URL_STS },
    },
    region: config.FLOW_LOG_BUCKET_REGION,
    findRegion: true,
    bufferedBytes: Math.floor(BYTES_IN_FLIGHT / config.FLOW_LOG_PREFETCH),
  };
}
