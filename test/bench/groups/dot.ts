import { script } from "../command.js";
import { type Comparison, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { AWK_DOT, gunzipLimits, mawk } from "../peers.js";

/** The lines of a digest to gzipped DOT. */
export async function* dot(data: BenchData): AsyncGenerator<Comparison> {
  const { path } = await data.gz();
  const pipe = "zcat | mawk | gzip -1";
  yield {
    title: "gz digest to gz DOT",
    contenders: [
      script("converter", "convert.mjs", [path]),
      ...(await mawk(pipe, `zcat ${path} | ${AWK_DOT} | gzip -1`)),
      ...(await gunzipLimits(path)),
    ],
    goals: [
      {
        what: "gz digest to gz DOT, the pipe's CPU times ours",
        of: ratio("CPU s", pipe, "converter"),
        atLeast: 2.5,
      },
    ],
  };
}
