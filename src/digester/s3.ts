import { z } from "zod";
import { scheme } from "../scheme.js";
import { s3Settings } from "../s3/settings.js";
import { bucketSettings, bucketSourceOptions, S3_SETTLE_MS } from "./flow-logs/bucket-settings.js";
import { flowLogOptions, flowLogSettings } from "./flow-logs/settings.js";
import { ThreadedDigester } from "./in-thread/threaded-digester.js";

const expected = '"s3://bucket/prefix"';

const place = z.string().transform((text, context) => {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket === undefined) {
    context.addIssue(`expected ${expected}`);
    return z.NEVER;
  }
  const prefix = path.replace(/^\/+|\/+$/g, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
});

/** Flow logs in a bucket, digested in a thread of the process. */
export const s3Endpoint = scheme({
  pattern: /^s3:/,
  expected,
  place,
  settings: { ...flowLogSettings, ...s3Settings, ...bucketSettings },
  create: (place, config) =>
    new ThreadedDigester({
      place: { kind: "bucket", options: { ...bucketSourceOptions(config), ...place } },
      options: { prefetch: config.FLOW_LOG_PREFETCH, ...flowLogOptions(config, S3_SETTLE_MS) },
    }),
});
