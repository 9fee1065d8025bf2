import { onTestFinished } from "vitest";
import { AthenaSource, type AthenaSourceOptions } from "../../../../src/digester/flow-logs/athena/source.js";
import {
  FlowLogDigester,
  type FlowLogDigesterOptions,
} from "../../../../src/digester/flow-logs/flow-log-digester.js";
import { DEFAULT_FORMAT } from "../../../../src/flow-log/fields.js";
import { AthenaServer, type AthenaTable } from "../../../support/athena/server.js";
import { bucketOptions } from "../../../support/s3/modules.js";
import { S3Server } from "../../../support/s3/server.js";
import { AWS_COLUMNS } from "./aws-parquet.js";

const NAME = "AwsDataCatalog/logs/flow";

/** An Athena with one table, for as long as the test runs. */
export async function startAthena(table: Partial<AthenaTable> & Pick<AthenaTable, "rows">) {
  const s3 = await S3Server.start("results");
  const athena = await AthenaServer.start(s3);
  onTestFinished(async () => {
    await athena.stop();
    await s3.stop();
  });
  const set = (more: Partial<AthenaTable>) => {
    athena.tables.set(NAME, {
      columns: AWS_COLUMNS,
      partitions: { region: "string", day: "string" },
      parameters: PROJECTION,
      ...table,
      ...more,
    });
  };
  set({});
  return { s3, athena, set };
}

/** Columns as GetTableMetadata lists them. */
export function columnsListed(types: Readonly<Record<string, string>>) {
  return Object.entries(types).map(([Name, Type]) => ({ Name, Type }));
}

export const PROJECTION: Readonly<Record<string, string>> = {
  "projection.enabled": "true",
  "projection.region.type": "enum",
  "projection.region.values": "eu-west-1,us-east-1",
  "projection.day.type": "date",
  "projection.day.format": "yyyy/MM/dd",
  "projection.day.range": "1970/01/01,NOW",
};

/** A digester of flow logs that Athena reads. */
export function digesterOf(
  { s3, athena }: { readonly s3: S3Server; readonly athena: AthenaServer },
  options: Partial<AthenaSourceOptions & FlowLogDigesterOptions> = {},
): FlowLogDigester {
  const source = new AthenaSource({
    table: { catalog: "AwsDataCatalog", database: "logs", name: "flow" },
    addresses: "interface",
    athena: { region: "eu-west-1", endpoint: athena.url },
    output: bucketOptions(s3, "results"),
    outputPrefix: "grapherd/",
    workgroup: undefined,
    unprojected: false,
    timeoutMs: 600_000,
    bufferedBytes: 1024 * 1024,
    pollMs: 5,
    ...options,
  });
  onTestFinished(() => source.stop());
  return new FlowLogDigester({
    source,
    format: { fields: DEFAULT_FORMAT, addresses: "interface" },
    keysInMemory: 1_000_000,
    ...options,
  });
}
