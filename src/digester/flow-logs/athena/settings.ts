import { z } from "zod";
import type { Rule } from "../../../registry.js";
import { type s3Settings } from "../../../s3/settings.js";
import { boolean, timerDuration } from "../../../settings.js";
import { type bucketSettings, bucketSourceOptions } from "../bucket-settings.js";
import type { AthenaSourceOptions } from "./source.js";

/** A bucket and a prefix below which results are written, which may be empty. */
const place = z.string().transform((text, context) => {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket === undefined) {
    context.addIssue('expected "s3://bucket/prefix"');
    return z.NEVER;
  }
  const prefix = path.replace(/^\/+|\/+$/g, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
});

/** What the digester of flow logs can be told when Athena reads them. */
export const athenaSettings = {
  FLOW_LOG_ATHENA_OUTPUT: place
    .optional()
    .describe("only for `athena:`: where Athena writes its results, `s3://bucket/prefix`"),
  FLOW_LOG_ATHENA_WORKGROUP: z
    .string()
    .regex(/^[\w.-]{1,128}$/, "expected a workgroup's name: letters, digits, - _ and .")
    .optional()
    .describe("only for `athena:`: workgroup of the queries. Unset: the primary workgroup of the account"),
  FLOW_LOG_ATHENA_REGION: z
    .string()
    .min(1)
    .optional()
    .describe("only for `athena:`: region of Athena. Unset: AWS_REGION"),
  FLOW_LOG_ATHENA_UNPROJECTED: boolean
    .prefault("false")
    .describe(
      "only for `athena:`. true: also accept a table or a view without partition projection, whose partitions somebody loads",
    ),
  FLOW_LOG_ATHENA_TIMEOUT: timerDuration
    .prefault("30m")
    .describe(
      "only for `athena:`: how long a query can wait and run. Then it is stopped and the job is tried again",
    ),
  AWS_ENDPOINT_URL_ATHENA: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("URL of a service other than AWS's for Athena"),
};

function isAthena(endpoint: string | undefined): boolean {
  return endpoint?.startsWith("athena:") === true;
}

export const outputIsSet: Rule = {
  variables: ["DIGESTER_ENDPOINT", "FLOW_LOG_ATHENA_OUTPUT"],
  expected: "FLOW_LOG_ATHENA_OUTPUT to say where Athena writes its results, s3://bucket/prefix",
  holds: (env) => !isAthena(env["DIGESTER_ENDPOINT"]) || env["FLOW_LOG_ATHENA_OUTPUT"] !== undefined,
};

/** Tables don't tell of which flow log a record is, nor of which file. */
export const noFilesAreChosen: Rule = {
  variables: ["DIGESTER_ENDPOINT", "FLOW_LOG_IDS", "FLOW_LOG_INCLUDE", "FLOW_LOG_EXCLUDE"],
  expected:
    "no FLOW_LOG_IDS, FLOW_LOG_INCLUDE or FLOW_LOG_EXCLUDE with athena:, because the table decides which files are read",
  holds: (env) =>
    !isAthena(env["DIGESTER_ENDPOINT"]) ||
    (env["FLOW_LOG_IDS"] ?? env["FLOW_LOG_INCLUDE"] ?? env["FLOW_LOG_EXCLUDE"]) === undefined,
};

type Settings = z.output<z.ZodObject<typeof s3Settings & typeof bucketSettings & typeof athenaSettings>>;

export function athenaSourceOptions(config: Settings): Omit<AthenaSourceOptions, "table" | "addresses"> {
  const { FLOW_LOG_ATHENA_OUTPUT: output } = config;
  if (output === undefined) throw new TypeError("FLOW_LOG_ATHENA_OUTPUT goes with athena:, by a rule");
  const { bufferedBytes, ...options } = bucketSourceOptions(config);
  return {
    athena: { region: config.FLOW_LOG_ATHENA_REGION, endpoint: config.AWS_ENDPOINT_URL_ATHENA },
    output: { ...options, bucket: output.bucket },
    outputPrefix: output.prefix,
    workgroup: config.FLOW_LOG_ATHENA_WORKGROUP,
    unprojected: config.FLOW_LOG_ATHENA_UNPROJECTED,
    timeoutMs: config.FLOW_LOG_ATHENA_TIMEOUT,
    bufferedBytes,
  };
}
