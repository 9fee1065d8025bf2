import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { bodyOf } from "../../support/digest-body.js";
import { createDigester, digesterSettings } from "../../../src/digester/index.js";
import { TimeWindow } from "../../../src/window.js";
import { startS3 } from "./from-s3.js";

const CASES = "test/fixtures/cases";

/** What people really have, each with what a user expects of it. */
const Case = z.strictObject({
  start: z.string(),
  stop: z.string(),
  env: z.record(z.string(), z.string()),
  /** For people. */
  what: z.string(),
  want: z.strictObject({
    /** Lines of the digest. */
    edges: z.number().optional(),
    /** A pattern of the message that it fails with. */
    error: z.string().optional(),
    /** A pattern of what the log tells: warnings, and counts above 0. */
    told: z.string().optional(),
    /** It may be read or fail, as long as it says why. */
    either: z.boolean().optional(),
  }),
});
type Case = z.infer<typeof Case>;

interface Outcome {
  readonly edges: number;
  readonly error: string;
  readonly told: string;
}

async function run({ start, stop, env }: Case, endpoint: Record<string, string>): Promise<Outcome> {
  const settings = z.object(digesterSettings).parse({ ...env, ...endpoint, FLOW_LOG_SETTLE: "0s" });
  const digester = createDigester(settings, { maxBytes: 1e9, client: undefined });
  onTestFinished(() => digester.stop?.());
  try {
    await digester.start?.();
    const digest = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
    const edges = (await text(bodyOf(digest))).split("\n").length - 1;
    const counts = Object.entries(digest.counts ?? {}).filter(([, count]) => count > 0);
    // As a job's report has it.
    const incomplete = (digest.counts?.["skipdata"] ?? 0) > 0 ? "graph-incomplete" : "";
    const told = [incomplete, ...(digest.warnings ?? []), ...counts.map(String)].join("\n");
    return { edges, error: "", told };
  } catch (error) {
    return { edges: 0, error: error instanceof Error ? error.message : String(error), told: "" };
  }
}

function judge({ want }: Case, { edges, error, told }: Outcome): void {
  if (error !== "" && want.error === undefined && want.either !== true) throw new Error(error);
  if (error !== "") {
    expect(error).toMatch(new RegExp(want.error ?? "", "i"));
    return;
  }
  if (want.edges === undefined && want.told === undefined) expect(want.either).toBe(true);
  if (want.edges !== undefined) expect(edges).toBe(want.edges);
  if (want.told !== undefined) expect(told).toMatch(new RegExp(want.told, "i"));
}

describe.each(readdirSync(CASES))("%s", (name) => {
  const told: Case = Case.parse(JSON.parse(readFileSync(join(CASES, name, "case.json"), "utf8")));
  const logs = join(CASES, name, "logs");
  const files = readdirSync(logs, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

  test("from a directory", async () => {
    judge(told, await run(told, { DIGESTER_ENDPOINT: `file:${logs}` }));
  });

  test("from S3", async () => {
    const server = await startS3();
    for (const file of files) {
      server.bucket("logs").put(`some/prefix/${file.slice(logs.length + 1)}`, readFileSync(file));
    }
    const outcome = await run(told, {
      DIGESTER_ENDPOINT: "s3://logs/some/prefix",
      AWS_ENDPOINT_URL_S3: server.url,
      GRAPH_S3_FORCE_PATH_STYLE: "true",
      FLOW_LOG_BUCKET_REGION: "us-east-1",
      USE_IAM: "false",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    judge(told, outcome);
  });
});
