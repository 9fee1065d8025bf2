import { edgesOfSums } from "../../src/digester/flow-logs/edges-of-sums.js";
import type { EdgeBatch } from "../../src/edges/table.js";
import { Endpoints } from "../../src/flow-log/endpoints.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { RecordIntake } from "../../src/flow-log/record.js";
import { TextReader } from "../../src/flow-log/text-reader.js";

/** The edges of flow log records, text in the default format, as they are digested in process. */
export async function* edgesOfRecords(
  window: { readonly startDate: Date; readonly stopDate: Date },
  files: Iterable<string>,
): AsyncGenerator<EdgeBatch> {
  const intake = new RecordIntake(window);
  const { aggregation } = intake;
  for (const file of files) {
    const reader = new TextReader("flow.log", intake, {
      fields: DEFAULT_FORMAT,
      others: [],
      addresses: "interface",
    });
    reader.push(Buffer.from(file));
    reader.end();
  }
  const { open, decided } = aggregation;
  const endpoints = new Endpoints(open.reduce((sum, { size }) => sum + size, 0));
  for (const table of open) Array.from(endpoints.sketch(table));
  for (const table of open) Array.from(endpoints.count(table));
  for (const table of decided) Array.from(endpoints.heed(table));
  for (const table of open) Array.from(aggregation.settle(table, endpoints));
  const batches = edgesOfSums(aggregation);
  for (const table of decided) yield* batches(table);
}
