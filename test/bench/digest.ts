// How fast flow logs become digests, in each of their forms, beside mawk summing up the same records. Built code is measured: `npm run build` first.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inDuckDB } from "../support/duckdb.js";
import { compare, isInstalled } from "./compare.js";
import { makeDigest, type Shape } from "./make-digest.js";

const LINES = 1_000_000;
const SHAPES: readonly Shape[] = ["usual", "IPv6", "distinct"];
const FIELDS =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status".split(
    " ",
  );
const COUNTS = /^(packets|bytes|start|end)$/;
const TEXTS = /-id$|addr$|^action$|^log-status$/;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The column of a field, as AWS names it in Parquet. */
function columnOf(field: string): string {
  return `"${field.replaceAll("-", "_")}"`;
}

function typeOf(field: string): string {
  if (TEXTS.test(field)) return "VARCHAR";
  return COUNTS.test(field) ? "BIGINT" : "INTEGER";
}

/** The same records in other forms, each in a directory of its own. */
async function otherForms(folder: string, text: string): Promise<void> {
  for (const form of ["gzip", "reversed", "parquet"]) await mkdir(join(folder, form));
  execFileSync("sh", ["-c", `gzip -6 < ${text} > ${join(folder, "gzip/flow.log.gz")}`]);
  const columns = FIELDS.map((field) => `${columnOf(field).replaceAll('"', "'")}: '${typeOf(field)}'`).join(
    ", ",
  );
  const reversed = FIELDS.toReversed().map(
    (field) => `coalesce(${columnOf(field)}::varchar, '-') as "${field}"`,
  );
  await inDuckDB([
    `create table records as
       select * from read_csv('${text}', delim = ' ', header = false, nullstr = '-', columns = {${columns}})`,
    `copy (select ${reversed.join(", ")} from records) to '${join(folder, "reversed/flow.log")}'
       (format csv, delimiter ' ', header true, quote '')`,
    `copy records to '${join(folder, "parquet/flow.log.parquet")}' (format parquet, codec 'snappy')`,
  ]);
}

const folder = await mkdtemp(join(tmpdir(), "digest-bench-"));
try {
  const mawk = await isInstalled("mawk");
  for (const shape of SHAPES) {
    const directory = join(folder, shape);
    const text = join(directory, "text/flow.log");
    await mkdir(join(directory, "text"), { recursive: true });
    await makeDigest(text, LINES, shape);
    await otherForms(directory, text);
    await compare(`flow logs to digest, ${shape}`, LINES, [
      ...["text", "reversed", "gzip", "parquet"].map((form) => {
        return {
          name: form,
          command: [process.execPath, here("digest.mjs"), join(directory, form)],
        } as const;
      }),
      ...(mawk ? [{ name: "mawk", command: ["mawk", "-f", here("digest.awk"), text] } as const] : []),
    ]);
  }
} finally {
  await rm(folder, { recursive: true });
}
