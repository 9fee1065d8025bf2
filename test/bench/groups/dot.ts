import { bundled } from "../../support/bundle.js";
import { script } from "../command.js";
import { type Comparison, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { AWK_DOT, gunzipLimits, mawk } from "../peers.js";

/** The lines of a digest to gzipped DOT. */
export async function* dot(data: BenchData): AsyncGenerator<Comparison> {
  const { path: plain } = await data.text();
  yield {
    title: "digest lines to gz DOT",
    contenders: [
      script("converter", bundled("convert"), [plain]),
      // Without gzip, which a job never leaves out.
      ...(await mawk("mawk", `${AWK_DOT} ${plain}`)),
      ...(await mawk("mawk | gzip -1", `${AWK_DOT} ${plain} | gzip -1`)),
    ],
    goals: [
      {
        what: "digest lines to gz DOT, times the speed of mawk without gzip",
        of: ratio("wall s", "mawk", "converter"),
        atLeast: 2.5,
      },
    ],
  };
  const { path } = await data.gz();
  const pipe = "zcat | mawk | gzip -1";
  yield {
    title: "gz digest to gz DOT",
    contenders: [
      script("converter", bundled("convert"), [path]),
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
