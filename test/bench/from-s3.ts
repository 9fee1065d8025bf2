// How fast flow logs in S3 become a digest, beside the same files on disk. The server is the tests' own, in a process of
// its own on this machine. Built code is measured: `npm run build` first.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { forkScript, kill, message } from "../support/child.js";
import { compare } from "./compare.js";
import { makeDigest } from "./make-digest.js";

const OBJECTS = 100;
const RECORDS = 50_000;
// Around the times that `makeDigest` writes.
const WINDOW = ["2023-11-14T22:00:00Z", "2023-11-15T00:00:00Z"] as const;
const DAY = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2023/11/14";

async function makeFlowLogs(directory: string): Promise<void> {
  const text = join(directory, "all");
  await makeDigest(text, OBJECTS * RECORDS, "usual");
  const split = ["--suffix-length=3", "--numeric-suffixes", "--filter", "gzip -6 > $FILE"];
  execFileSync("split", ["-l", String(RECORDS), ...split, text, join(directory, "part-")]);
  await rm(text);
  for (let n = 0; n < OBJECTS; n++) {
    const minute = String(5 * (n % 12)).padStart(2, "0");
    const name = `123456789012_vpcflowlogs_eu-west-1_fl-1_20231114T22${minute}Z_${n}.log.gz`;
    const path = join(directory, DAY, name);
    await mkdir(dirname(path), { recursive: true });
    await rename(join(directory, `part-${String(n).padStart(3, "0")}`), path);
  }
}

function digest(endpoint: string, env: Record<string, string> = {}) {
  const script = fileURLToPath(new URL("digest-endpoint.mjs", import.meta.url));
  // The SDK warns of old Nodes where the report is expected.
  const variables = Object.entries({ ...env, DIGESTER_ENDPOINT: endpoint, NODE_NO_WARNINGS: "1" }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return { command: ["env", ...variables, process.execPath, script, ...WINDOW] } as const;
}

const directory = await mkdtemp(join(tmpdir(), "s3-bench-"));
try {
  await makeFlowLogs(directory);
  const server = forkScript(new URL("s3-server.ts", import.meta.url), [directory]);
  try {
    const url = z.url().parse(await message(server, AbortSignal.timeout(30_000)));
    const access = {
      AWS_ENDPOINT_URL_S3: url,
      GRAPH_S3_FORCE_PATH_STYLE: "true",
      USE_IAM: "false",
      AWS_ACCESS_KEY_ID: "k",
      AWS_SECRET_ACCESS_KEY: "s",
    };
    await compare(`flow logs to digest, ${OBJECTS} objects of ${RECORDS} records`, OBJECTS * RECORDS, [
      { name: "S3", ...digest("s3://logs", access) },
      { name: "S3, one at a time", ...digest("s3://logs", { ...access, FLOW_LOG_PREFETCH: "1" }) },
      { name: "disk", ...digest(`file:${directory}`) },
    ]);
  } finally {
    await kill(server);
  }
} finally {
  await rm(directory, { recursive: true });
}
