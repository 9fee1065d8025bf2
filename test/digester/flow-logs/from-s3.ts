import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { BucketSource, type BucketSourceOptions } from "../../../src/digester/flow-logs/bucket.js";
import {
  FlowLogDigester,
  type FlowLogDigesterOptions,
} from "../../../src/digester/flow-logs/flow-log-digester.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import type { TimeWindow } from "../../../src/window.js";
import { accessTo } from "../../support/s3/modules.js";
import { S3Server } from "../../support/s3/server.js";

const ACCOUNT = "123456789012";
const REGION = "eu-west-1";

/** A server with an empty bucket `logs`, for as long as the test runs. */
export async function startS3(): Promise<S3Server> {
  const server = await S3Server.start("logs");
  onTestFinished(() => server.stop());
  return server;
}

export function sourceOf(
  server: { readonly url: string },
  options: Partial<BucketSourceOptions> = {},
): BucketSource {
  const source = new BucketSource({
    access: accessTo(server),
    bucket: "logs",
    region: "us-east-1",
    prefix: "",
    bufferedBytes: 8 * 1024 * 1024,
    patience: 6,
    ...options,
  });
  onTestFinished(() => source.stop());
  return source;
}

export function digesterOf(
  server: { readonly url: string },
  options: Partial<BucketSourceOptions & FlowLogDigesterOptions> = {},
): FlowLogDigester {
  return new FlowLogDigester({
    source: sourceOf(server, options),
    format: { fields: DEFAULT_FORMAT, addresses: "interface" },
    keysInMemory: 1_000_000,
    prefetch: 8,
    ...options,
  });
}

export interface Digested {
  readonly digest: string;
  readonly counts: Readonly<Record<string, number>>;
}

export async function digestBy(digester: FlowLogDigester, window: TimeWindow): Promise<Digested> {
  const digest = await digester.digest(window, new AbortController().signal);
  return { digest: await text(bodyOf(digest)), counts: digest.counts ?? {} };
}

/** The key of a file as AWS names it, with the place told by `folder`. */
export function keyOf(
  time: string,
  {
    account = ACCOUNT,
    region = REGION,
    flowLog = "fl-0a1b",
    hash = "c0ffee",
    hive = false,
    hours = false,
    root = "",
  } = {},
): string {
  const [year = "", month = "", day = "", hour = ""] = time.split(/[-T:]/);
  const stamp = `${time.replaceAll(/[-:]/g, "")}Z`;
  const folder = hive
    ? `aws-account-id=${account}/aws-service=vpcflowlogs/aws-region=${region}/year=${year}/month=${month}/day=${day}/${hours ? `hour=${hour}/` : ""}`
    : `${account}/vpcflowlogs/${region}/${year}/${month}/${day}/${hours ? `${hour}/` : ""}`;
  return `${root}AWSLogs/${folder}${account}_vpcflowlogs_${region}_${flowLog}_${stamp}_${hash}.log.gz`;
}

/** A record from an address that ends at a time. */
export function recordOf(address: string, end: string): string {
  const seconds = Date.parse(end) / 1000;
  return `2 ${ACCOUNT} eni-1 ${address} 10.0.0.2 40000 443 6 1 40 ${seconds - 60} ${seconds} ACCEPT OK\n`;
}
