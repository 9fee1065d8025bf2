// How fast digests become graphs, beside mawk printing the same lines. Run by `npm run bench`, which builds first.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, isInstalled, type Contender } from "./compare.js";
import { makeDigest, type Shape } from "./make-digest.js";

const LINES = 1_000_000;
const SHAPES: readonly Shape[] = ["usual", "IPv6", "distinct"];

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function converter(what: "dot" | "job", path: string): Contender {
  return { name: `converter (${what})`, command: [process.execPath, here("convert.mjs"), what, path] };
}

const folder = await mkdtemp(join(tmpdir(), "graph-bench-"));
try {
  const mawk = await isInstalled("mawk");
  for (const shape of SHAPES) {
    const plain = join(folder, `${shape}.digest`);
    await makeDigest(plain, LINES, shape);
    execFileSync("gzip", ["-1", "-k", plain]);
    const awk = `mawk -f ${here("dot.awk")}`;
    await compare(`digest to DOT, ${shape}`, LINES, [
      converter("dot", plain),
      ...(mawk ? [{ name: "mawk", command: ["sh", "-c", `${awk} ${plain}`] } as const] : []),
    ]);
    await compare(`gzip to gzip, ${shape}`, LINES, [
      converter("job", `${plain}.gz`),
      ...(mawk
        ? [
            {
              name: "zcat | mawk | gzip -1",
              command: ["sh", "-c", `zcat ${plain}.gz | ${awk} | gzip -1`],
            } as const,
          ]
        : []),
    ]);
  }
} finally {
  await rm(folder, { recursive: true });
}
