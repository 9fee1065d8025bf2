import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(root, "test/client");
const program = join(source, "make-graph.ts");

/** What a command prints; rejects with it when the command fails. */
async function run(command: string, ...args: string[]): Promise<string> {
  const options = { cwd: root, timeout: DEADLINE_MS };
  const { stdout } = await promisify(execFile)(command, args, options).catch(
    (error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${args.join(" ")}:\n${error.stdout}${error.stderr}`, { cause: error });
    },
  );
  return stdout;
}

test("a client whose types are generated from the service's description makes a graph", async () => {
  const dir = await temporaryDir();
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: join(dir.path, "data"),
    DIGESTER_ENDPOINT: `file:${join(root, "test/fixtures/flow-logs")}`,
  });
  onTestFinished(async () => {
    await service.stop();
    await dir.remove();
  });

  const types = join(dir.path, "service.d.ts");
  const generate = ["run", "--silent", "--workspace", "test/client", "generate", "--"];
  await run("npm", ...generate, `${service.url}/openapi.json`, "--output", types);
  // The program imports the types as if they were beside it.
  const project = join(dir.path, "tsconfig.json");
  const compilerOptions = { rootDirs: [source, dir.path], typeRoots: [join(root, "node_modules/@types")] };
  await writeFile(
    project,
    JSON.stringify({ extends: join(source, "tsconfig.json"), compilerOptions, include: [program, types] }),
  );
  await run(process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", project);

  const { start, stop } = SAMPLE_WINDOW;
  const graph = await run(process.execPath, "--import", "tsx", program, service.url, start, stop);
  expect(graph).toMatch(/^digraph \{\n\t"/);
});
