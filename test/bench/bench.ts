/**
 * How fast all of it is, beside other programs that do the same: `npm run bench`, or some of it,
 *
 *     npm run bench -- parquet get --records 100000 --rounds 1
 *
 * Built code is measured. Linux only: CPU time and memory are read in /proc.
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { temporaryDir } from "../support/temporary-dir.js";
import { bundleScripts } from "./command.js";
import { compare, type Comparison, type GoalResult } from "./compare.js";
import { BenchData } from "./data.js";
import { api } from "./groups/api.js";
import { dot } from "./groups/dot.js";
import { get } from "./groups/get.js";
import { gz } from "./groups/gz.js";
import { hostile } from "./groups/hostile.js";
import { parquet } from "./groups/parquet.js";
import { readBack } from "./groups/read-back.js";
import { smallFiles } from "./groups/small-files.js";
import { text } from "./groups/text.js";
import { viewSizes } from "./groups/view-sizes.js";
import { views } from "./groups/views.js";

/** Each prepares its data, and gives what is to be compared. */
const groups: Readonly<Record<string, (data: BenchData) => AsyncIterable<Comparison>>> = {
  gz,
  text,
  parquet,
  "small-files": smallFiles,
  dot,
  hostile,
  api,
  get,
  "read-back": readBack,
  views,
  "view-sizes": viewSizes,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
  },
});
const { records, rounds } = z
  .object({ records: z.coerce.number().int().positive(), rounds: z.coerce.number().int().positive() })
  .parse(values);
const unknown = positionals.filter((name) => !(name in groups));
if (unknown.length > 0) {
  throw new Error(`expected some of ${Object.keys(groups).join(", ")}, got ${unknown.join(", ")}`);
}

await bundleScripts();
const dir = await temporaryDir();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    rmSync(dir.path, { recursive: true, force: true });
    process.exit(1);
  });
}
const results: GoalResult[] = [];
try {
  const data = new BenchData(dir.path, records);
  for (const [name, group] of Object.entries(groups)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    for await (const comparison of group(data)) results.push(...(await compare(comparison, rounds)));
  }
} finally {
  await dir.remove();
  console.log(`\nGoals, medians of ${rounds}`);
  console.table(Object.fromEntries(results.map(({ what, ...result }) => [what, result])));
}
