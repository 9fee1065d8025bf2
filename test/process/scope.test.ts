import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { scopeOf } from "../../src/scope.js";
import { TimeWindow } from "../../src/window.js";
import { queryDuckDB } from "../support/duckdb.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const ONE = HOUR.within(scopeOf({ account: "111122223333", region: "eu-west-1", vpc: "vpc-2,vpc-1" }));
const QUERY = "&region=eu-west-1&vpc=vpc-1,vpc-2&account=111122223333";
const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/** Of two accounts; in each, hosts of three VPCs, if they are told. */
function logOf(account: string, network: string, hasVpcs = true): string {
  const records = [1, 2, 3].map((n) => {
    const vpc = hasVpcs ? ` vpc-${n}` : "";
    return `5 ${account} eni-${n} ${network}.${n} 10.9.9.9 40000 443 6 3 300 1717286400 1717286460 ACCEPT OK${vpc}\n`;
  });
  return `${HEADER}${hasVpcs ? " vpc-id" : ""}\n${records.join("")}`;
}

let data: string;
let logs: string;

beforeEach(async () => {
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  [data, logs] = [join(dir.path, "data"), join(dir.path, "logs")];
  for (const [account, text] of [
    ["111122223333", logOf("111122223333", "10.0.1")],
    ["444455556666", logOf("444455556666", "10.0.2", false)],
  ] as const) {
    const file = join(logs, `AWSLogs/${account}/vpcflowlogs/eu-west-1/2024/06/02/flow.log`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
});

async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const own = { GRAPH_DATA_DIR: data, DIGESTER_ENDPOINT: `file:${logs}`, GRAPH_PROGRESS_TIMEOUT: "5000" };
  const service = await ServiceProcess.start({ ...own, ...env });
  onTestFinished(() => service.stop());
  return service;
}

test("a part of the flow logs is asked for, made, stored, listed and logged under its scope", async () => {
  const service = await start();
  const asked = await service.post(HOUR, QUERY);
  expect(asked.status).toBe(202);
  const { scope } = ONE;
  await service.event("job-finished", { graphId: ONE.id, scope, edges: 2, recordsNotSelected: 1 });
  const graph = await service.fetch(asked.headers.get("location") ?? "");
  const hosts = (await graph.text()).match(/"10\.0\.\d\.\d" ->/g);
  expect(hosts).toEqual(['"10.0.1.1" ->', '"10.0.1.2" ->']);
  expect((await service.get(HOUR)).status).toBe(404);

  const file = join(data, "graphs", `${ONE.id}.parquet`);
  expect(
    await queryDuckDB(
      `select decode(value) as scope from parquet_kv_metadata('${file}') where key = 'scope'`,
    ),
  ).toEqual([{ scope }]);
  const list = await (
    await service.fetch("/graphs?vpc=vpc-2,vpc-1&account=111122223333&region=eu-west-1")
  ).json();
  expect(list).toMatchObject({ graphs: [{ id: ONE.id, scope, edges: 2 }] });
  const view = await service.fetch(
    `/graph?start=${HOUR.start}&stop=${HOUR.stop}${QUERY}&where=port:443&format=json`,
  );
  expect(await view.json()).toMatchObject({ scope, graph: { edges: 2 } });
});

test("a job that waits when its process stops is done by the next one, for the same scope", async () => {
  const first = await start({ FLOW_LOG_SETTLE: "876000h" });
  expect((await first.post(HOUR, QUERY)).status).toBe(202);
  await first.stop();
  const second = await start();
  await second.event("job-finished", { graphId: ONE.id, scope: ONE.scope, edges: 2 });
});

test("a job that is beyond what a process reads by now fails, saying so", async () => {
  const first = await start({ FLOW_LOG_SETTLE: "876000h" });
  expect((await first.post(HOUR, QUERY)).status).toBe(202);
  await first.stop();
  const second = await start({ FLOW_LOG_REGIONS: "us-east-1" });
  const reason = 'region must be among those in FLOW_LOG_REGIONS, not "eu-west-1"';
  await second.event("invalid-input", { graphId: ONE.id, scope: ONE.scope, final: true, reason });
  const refused = await second.post(HOUR, QUERY);
  expect([refused.status, await refused.json()]).toMatchObject([400, { message: reason }]);
});

test("a VPC is told by a field of the flow logs: a file without it ends the job, and both say what to do", async () => {
  const service = await start();
  const window = HOUR.within(scopeOf({ vpc: "vpc-1" }));
  expect((await service.post(HOUR, "&vpc=vpc-1")).status).toBe(202);
  const { reason } = await service.event("invalid-input", { graphId: window.id, final: true });
  expect(reason).toMatch(
    /^AWSLogs\/444455556666\/.*flow\.log: expected records with vpc-id, .*FLOW_LOG_IDS or FLOW_LOG_EXCLUDE, or ask without vpc$/,
  );
  const path = `/graph?start=${HOUR.start}&stop=${HOUR.stop}&vpc=vpc-1`;
  // The claim tells it a moment after the log.
  await expect.poll(async () => (await service.fetch(path)).status).toBe(404);
  expect(await (await service.fetch(path)).json()).toMatchObject({
    message:
      "the last attempt to make this graph failed: some of its flow logs lack the field vpc-id, which vpc needs: ask without vpc, or again when they have it",
  });
  const { id, start: from, stop, scope } = window;
  const delivered = await service.fetch("/produce", {
    method: "POST",
    body: JSON.stringify({ id, start: from, stop, scope }),
  });
  expect(delivered.status).toBe(422);
});
