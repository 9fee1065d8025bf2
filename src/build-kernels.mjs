// Compiles what asconfig.json lists, all in one process: most of the time it takes the compiler to begin.
import { readFileSync } from "node:fs";
import { main as compile } from "assemblyscript/asc";

const { targets } = JSON.parse(readFileSync("asconfig.json", "utf8"));
for (const target of Object.keys(targets)) {
  const source = `src/${target.replace("/", "/assembly/")}.ts`;
  const { error } = await compile([source, "--target", target], { stderr: process.stderr });
  if (error !== null) throw error;
}
