import { text } from "node:stream/consumers";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { bodyOf } from "../support/digest-body.js";
import { createDigester, digesterSettings } from "../../src/digester/index.js";
import { TimeWindow } from "../../src/window.js";
import { S3Server } from "../support/s3/server.js";
import { startSts, type StsServer } from "../support/sts.js";

const ARN = "arn:aws:iam::123456789012:role/read-flow-logs";
const WINDOW = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");
const NEVER = new AbortController().signal;

let server: S3Server;

beforeEach(async () => {
  server = await S3Server.start("logs");
  onTestFinished(() => server.stop());
  server.bucket("logs").put("p/flow.log", "");
});

function digesterOf(variables: Record<string, string>, without: readonly string[] = []) {
  const environment = {
    DIGESTER_ENDPOINT: "s3://logs/p",
    AWS_ENDPOINT_URL_S3: server.url,
    GRAPH_S3_FORCE_PATH_STYLE: "true",
    USE_IAM: "false",
    AWS_ACCESS_KEY_ID: "OWN",
    AWS_SECRET_ACCESS_KEY: "s",
    ...variables,
  };
  const kept = Object.entries(environment).filter(([name]) => !without.includes(name));
  const settings = z.object(digesterSettings).parse(Object.fromEntries(kept));
  const digester = createDigester(settings, { maxBytes: 1, client: undefined });
  onTestFinished(() => digester.stop?.());
  return digester;
}

async function digest(variables: Record<string, string>): Promise<void> {
  const digester = digesterOf(variables);
  await digester.start?.();
  await text(bodyOf(await digester.digest(WINDOW, NEVER)));
}

/** Access key, region and session token of each request, without repetitions. */
function signers(): string[] {
  const all = server.log.map(({ headers }) => {
    const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers["authorization"] ?? "") ?? [];
    return [key, region, headers["x-amz-security-token"]].join(" ").trim();
  });
  return [...new Set(all)];
}

test("the bucket's region is found out when it isn't set", async () => {
  server.regions.set("logs", "ap-southeast-2");
  await digest({});
  expect(server.count("HeadBucket")).toBe(1);
  expect(signers()).toEqual(["OWN us-east-1", "OWN ap-southeast-2"]);
});

test("a region that is set isn't asked for, and said to be wrong when it is", async () => {
  server.regions.set("logs", "ap-southeast-2");
  await digest({ FLOW_LOG_BUCKET_REGION: "ap-southeast-2" });
  expect(signers()).toEqual(["OWN ap-southeast-2"]);
  await expect(digest({ FLOW_LOG_BUCKET_REGION: "eu-west-1" })).rejects.toThrow(
    "bucket logs is in another region (PermanentRedirect): set FLOW_LOG_BUCKET_REGION",
  );
});

test("a store that tells no region is called in the one that was asked", async () => {
  await digest({});
  expect(signers()).toEqual(["OWN us-east-1"]);
});

test("a failure to find out is no answer: it is asked again", async () => {
  server.regions.set("logs", "ap-southeast-2");
  const digester = digesterOf({});
  server.faults.add({
    fault: { kind: "reset" },
    when: ({ operation }) => operation === "HeadBucket",
    times: 3,
  });
  await expect(digester.digest(WINDOW, NEVER)).rejects.toMatchObject({
    dependency: "digester",
    transient: true,
  });
  await text(bodyOf(await digester.digest(WINDOW, NEVER)));
  expect(signers()).toContain("OWN ap-southeast-2");
});

test("what is refused in every region fails with its reason", async () => {
  server.accessKeys = new Set(["OTHER"]);
  await expect(digest({})).rejects.toThrow(/InvalidAccessKeyId.*AWS_ACCESS_KEY_ID/);
});

async function sts(role: { externalId?: string; lifetimeMs?: number } = {}): Promise<StsServer> {
  const started = await startSts({ arn: ARN, accessKeyId: "ROLE", ...role });
  onTestFinished(() => started.stop());
  return started;
}

test("a role is assumed, once, with an external id", async () => {
  const { url, log } = await sts({ externalId: "shared" });
  server.accessKeys = new Set(["ROLE"]);
  await digest({
    AWS_ENDPOINT_URL_STS: url,
    FLOW_LOG_ROLE_ARN: ARN,
    FLOW_LOG_ROLE_EXTERNAL_ID: "shared",
    FLOW_LOG_BUCKET_REGION: "eu-west-1",
  });
  expect(signers()).toEqual(["ROLE eu-west-1 session-of-ROLE"]);
  expect(log.map(({ signedBy }) => signedBy)).toEqual(["OWN"]);
});

test("a role is assumed again before its credentials expire", async () => {
  const { url, log } = await sts({ lifetimeMs: 1000 });
  const digester = digesterOf({
    AWS_ENDPOINT_URL_STS: url,
    FLOW_LOG_ROLE_ARN: ARN,
    FLOW_LOG_BUCKET_REGION: "x",
  });
  await digester.ready?.(NEVER);
  const before = log.length;
  await digester.ready?.(NEVER);
  await expect.poll(() => log.length).toBeGreaterThan(before);
});

test("a role that may not be assumed: the message says which, and for whom", async () => {
  const { url } = await sts({ externalId: "shared" });
  const failed = digest({ AWS_ENDPOINT_URL_STS: url, FLOW_LOG_ROLE_ARN: ARN, FLOW_LOG_BUCKET_REGION: "x" });
  await expect(failed).rejects.toMatchObject({ dependency: "digester", transient: false });
  await expect(failed).rejects.toThrow(
    `can't get the credentials of the role ${ARN}, assumed with credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: AccessDenied: not authorized`,
  );
});

test("an STS that doesn't serve for a while is worth another attempt", async () => {
  const server = await sts();
  server.unavailable = 100;
  const variables = { AWS_ENDPOINT_URL_STS: server.url, FLOW_LOG_ROLE_ARN: ARN, FLOW_LOG_BUCKET_REGION: "x" };
  await expect(digest(variables)).rejects.toMatchObject({ dependency: "digester", transient: true });
});

test("missing credentials stop the start, also where a role is to be assumed with them", async () => {
  const digester = digesterOf({ FLOW_LOG_ROLE_ARN: ARN }, ["AWS_SECRET_ACCESS_KEY"]);
  await expect(digester.start?.()).rejects.toThrow("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
});

test.each([
  ["s3://logs", true],
  ["s3://logs/", true],
  ["s3://logs/a/b/", true],
  ["s3://", false],
  ["s3://Logs_", false],
])("%s is an endpoint: %s", (DIGESTER_ENDPOINT, valid) => {
  expect(z.object(digesterSettings).safeParse({ DIGESTER_ENDPOINT }).success).toBe(valid);
});
