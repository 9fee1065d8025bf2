import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { queryDuckDB } from "../support/duckdb.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const LOG = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id instance-id flow-direction traffic-path reject-reason
5 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 3 300 1717286400 1717286460 ACCEPT OK vpc-1 i-1 egress 1 -
5 123456789012 eni-1 10.0.0.1 10.0.0.2 40001 443 6 4 400 1717286460 1717286520 ACCEPT OK vpc-1 i-1 egress 8 -
`;

test("what flow logs tell besides is in the edges that the service keeps, as DuckDB reads them", async () => {
  const dir = await temporaryDir();
  const logs = join(dir.path, "logs");
  const data = join(dir.path, "data");
  await mkdir(logs);
  await writeFile(join(logs, "flow.log"), LOG);
  const service = await ServiceProcess.start({ GRAPH_DATA_DIR: data, DIGESTER_ENDPOINT: `file:${logs}` });
  onTestFinished(async () => {
    await service.stop();
    await dir.remove();
  });

  expect((await service.post(HOUR)).status).toBe(202);
  await service.event("job-finished");
  expect((await service.get(HOUR)).status).toBe(200);
  const further = "vpc_id, instance_id, flow_direction, traffic_path, reject_reason";
  expect(
    await queryDuckDB(`select srcaddr, dstport, flows, bytes, ${further} from '${data}/graphs/*.parquet'`),
  ).toEqual([
    {
      srcaddr: "10.0.0.1",
      dstport: 443,
      flows: "2",
      bytes: "700",
      vpc_id: "vpc-1",
      instance_id: "i-1",
      flow_direction: "egress",
      traffic_path: null,
      reject_reason: null,
    },
  ]);
  const columns = await queryDuckDB(`describe from '${data}/graphs/*.parquet'`);
  expect(columns.map(({ column_name: name }) => name)).not.toContain("az_id");
});
