import { bundled } from "../../support/bundle.js";
import { script } from "../command.js";
import type { Comparison } from "../compare.js";
import type { BenchData } from "../data.js";
import { AWK_DOT, duckDBSums, duckDBText, mawk } from "../peers.js";
import { job } from "../service.js";
import { SUMS, sums } from "../sums.js";

/** Two addresses a record, all IPv6, no port of a service anywhere. */
export async function* hostile(data: BenchData): AsyncGenerator<Comparison> {
  const { directory, path } = await data.gz("hostile");
  yield {
    title: "hostile records: gz flow logs to sums and to the stored graph",
    contenders: [
      sums(SUMS, `file:${directory}`),
      ...duckDBSums(duckDBText(path)),
      job("service, DOT and edges", data, directory),
    ],
  };
  yield {
    title: "hostile records: gz digest to gz DOT",
    contenders: [
      script("converter", bundled("convert"), [path]),
      ...(await mawk("zcat | mawk | gzip -1", `zcat ${path} | ${AWK_DOT} | gzip -1`)),
    ],
  };
}
