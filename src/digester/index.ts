import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Dispatcher } from "undici";
import type { Digester } from "./digester.js";
import { s3Settings } from "../s3/settings.js";
import { BucketSource } from "./flow-logs/bucket.js";
import { bucketSettings, bucketSourceOptions, S3_SETTLE_MS } from "./flow-logs/bucket-settings.js";
import { DirectorySource } from "./flow-logs/directory.js";
import { FlowLogDigester } from "./flow-logs/flow-log-digester.js";
import { flowLogOptions, flowLogSettings } from "./flow-logs/settings.js";
import { HttpDigester, httpDigesterSettings } from "./http.js";

type Endpoint =
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string }
  | { readonly kind: "file"; readonly path: string };

const endpoint = z.string().transform((text, context): Endpoint => {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return { kind: "http", url: new URL(text) };
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket !== undefined) {
    const prefix = path.replace(/^\/+|\/+$/g, "");
    return { kind: "s3", bucket, prefix: prefix === "" ? "" : `${prefix}/` };
  }
  if (text.startsWith("file:///")) return { kind: "file", path: fileURLToPath(text) };
  if (/^file:(?!\/\/)./.test(text)) return { kind: "file", path: text.slice("file:".length) };
  context.addIssue('expected "http://…", "https://…", "s3://bucket/prefix" or "file:path"');
  return z.NEVER;
});

/** Every Digester that the environment can choose. */
export const digesterSettings = {
  DIGESTER_ENDPOINT: endpoint
    .prefault("file:./flow-logs")
    .describe(
      "`http(s)://…` a vpcflow-digesterd; `s3://bucket/prefix` or `file:path` flow logs, digested in process",
    ),
  ...httpDigesterSettings,
  ...flowLogSettings,
  ...s3Settings,
  ...bucketSettings,
};

export function createDigester(
  config: z.infer<z.ZodObject<typeof digesterSettings>>,
  { maxBytes, client }: { maxBytes: number; client: Dispatcher | undefined },
): Digester {
  const { DIGESTER_ENDPOINT: chosen } = config;
  if (chosen.kind === "http") {
    return new HttpDigester({
      endpoint: chosen.url,
      pollingIntervalMs: config.DIGESTER_POLLING_INTERVAL,
      pollingTimeoutMs: config.DIGESTER_POLLING_TIMEOUT,
      maxBytes,
      client,
    });
  }
  if (chosen.kind === "s3") {
    return new FlowLogDigester({
      source: new BucketSource({
        ...bucketSourceOptions(config),
        bucket: chosen.bucket,
        prefix: chosen.prefix,
      }),
      prefetch: config.FLOW_LOG_PREFETCH,
      ...flowLogOptions(config, S3_SETTLE_MS),
    });
  }
  return new FlowLogDigester({
    source: new DirectorySource(chosen.path),
    ...flowLogOptions(config),
  });
}
