import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../src/compose/config.js";
import { createDigester, digesterSettings } from "../../src/digester/index.js";
import { TimeWindow } from "../../src/window.js";
import { bodyOf } from "../support/digest-body.js";
import { startSts } from "../support/sts.js";
import { rowsOf } from "./flow-logs/athena/aws-parquet.js";
import { startAthena } from "./flow-logs/athena/from-athena.js";

const ARN = "arn:aws:iam::123456789012:role/read-flow-logs";
const WINDOW = TimeWindow.parse("2024-06-02T12:00:00Z", "2024-06-02T13:00:00Z");
const NEVER = new AbortController().signal;

async function digesterWith(variables: Record<string, string>) {
  const servers = await startAthena({ rows: `select *, '' as region, '' as day from (${rowsOf([])})` });
  const settings = z.object(digesterSettings).parse({
    DIGESTER_ENDPOINT: "athena://AwsDataCatalog/logs/flow",
    FLOW_LOG_ATHENA_OUTPUT: "s3://results/grapherd/",
    AWS_ENDPOINT_URL_ATHENA: servers.athena.url,
    AWS_ENDPOINT_URL_S3: servers.s3.url,
    GRAPH_S3_FORCE_PATH_STYLE: "true",
    FLOW_LOG_ATHENA_REGION: "eu-west-1",
    USE_IAM: "false",
    AWS_ACCESS_KEY_ID: "OWN",
    AWS_SECRET_ACCESS_KEY: "s",
    ...variables,
  });
  const digester = createDigester(settings, { maxBytes: 1, client: undefined });
  onTestFinished(() => digester.stop?.());
  return { ...servers, digester };
}

test("the role calls Athena and reads its results", async () => {
  const sts = await startSts({ arn: ARN, accessKeyId: "ROLE" });
  onTestFinished(() => sts.stop());
  const { digester, athena, s3 } = await digesterWith({
    FLOW_LOG_ROLE_ARN: ARN,
    AWS_ENDPOINT_URL_STS: sts.url,
  });
  await digester.start?.();
  await text(bodyOf(await digester.digest(WINDOW, NEVER)));
  expect(new Set(athena.log.map(({ signedBy }) => signedBy))).toEqual(new Set(["ROLE"]));
  const keys = s3.log.map(({ headers }) => /Credential=([^/]+)/.exec(headers["authorization"] ?? "")?.[1]);
  expect(new Set(keys)).toContain("ROLE");
  const [query] = athena.queries;
  expect(query?.sql).toMatch(
    /^UNLOAD \([^]*FROM "AwsDataCatalog"\."logs"\."flow"[^]*TO 's3:\/\/results\/grapherd\//,
  );
  expect(query?.output).toMatch(/^s3:\/\/results\/grapherd\/[\da-f-]{36}\/[\da-f]{32}\/1\/query\/$/);
  // The window's logs take as long to arrive as in S3.
  expect(digester.readyAt?.(WINDOW)).toEqual(new Date(WINDOW.stopDate.getTime() + 20 * 60_000));
});

function of(endpoint: string) {
  return z.object(digesterSettings).safeParse({ DIGESTER_ENDPOINT: endpoint });
}

test("what else than a table's name is refused, and names may be encoded", () => {
  for (const endpoint of [
    "athena:",
    "athena://a/b",
    "athena://a/b/c/d",
    "athena://a//c",
    "athena://a/b/%zz",
  ]) {
    expect(of(endpoint).error?.issues[0]?.message).toBe('expected "athena://catalog/database/table"');
  }
  expect(of("athena://s3tablescatalog%2Flogs/vpc/flow").data?.DIGESTER_ENDPOINT.place).toEqual({
    catalog: "s3tablescatalog/logs",
    database: "vpc",
    name: "flow",
  });
});

function faults(more: Record<string, string>): () => unknown {
  return () => loadConfig({ DIGESTER_ENDPOINT: "athena://AwsDataCatalog/logs/flow", ...more });
}

test("settings that go together are asked for, and those that can't be heeded refused", () => {
  expect(faults({})).toThrow(/FLOW_LOG_ATHENA_OUTPUT to say where/);
  expect(faults({ FLOW_LOG_ATHENA_OUTPUT: "results" })).toThrow(/expected "s3:\/\/bucket\/prefix"/);
  const output = { FLOW_LOG_ATHENA_OUTPUT: "s3://results" };
  expect(faults({ ...output, FLOW_LOG_EXCLUDE: "*.csv" })).toThrow(
    /no FLOW_LOG_IDS, FLOW_LOG_INCLUDE or FLOW_LOG_EXCLUDE/,
  );
  expect(faults({ ...output, FLOW_LOG_ATHENA_WORKGROUP: "a b" })).toThrow(/a workgroup's name/);
  expect(faults(output)).not.toThrow();
});

test("the client library is loaded by nobody who doesn't choose it", () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const statically = files.filter((path) =>
    /^import (?!type )[^;]*"@aws-sdk\/client-athena"/m.test(readFileSync(join(root, path), "utf8")),
  );
  expect(statically).toEqual([]);
});
