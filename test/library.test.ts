import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { SAMPLE_WINDOW } from "./make-sample-flow-logs.js";
import { DEADLINE_MS } from "./support/deadline.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const Packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

let project: string;
let files: string[];

/** A project beside ours, with the packed package in its node_modules and our own dependencies linked beside it. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "library-"));
  const packed = await run("npm", ["pack", "--json", "--pack-destination", project], { cwd: root });
  const [{ filename, files: listed }] = Packed.parse(JSON.parse(packed.stdout));
  files = listed.map(({ path }) => path);

  await cp(join(root, "test/library"), project, { recursive: true });
  const installed = join(project, "node_modules/vpcflow-grapherd");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(project, filename), "--strip-components=1", "-C", installed]);
  for (const name of await readdir(join(root, "node_modules"))) {
    await symlink(join(root, "node_modules", name), join(project, "node_modules", name));
  }
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project]).catch(
    (error: { stdout?: string }) => {
      throw new Error(`the package's types don't fit their user:\n${error.stdout ?? ""}`, { cause: error });
    },
  );
});

afterAll(() => rm(project, { recursive: true }));

test("the package holds what is needed and nothing else", () => {
  const others = files.filter((file) => !/^dist\/.*\.(js|d\.ts)$/.test(file));
  expect(others.map((file) => file.replace(/-[\w-]{8}\./, "-HASH.")).toSorted()).toEqual([
    "CHANGELOG.md",
    "LICENSE.txt",
    "README.md",
    "dist/flow-log/columns.wasm",
    "dist/flow-log/lines.wasm",
    "dist/graph/dot.wasm",
    "dist/page/assets/icon-HASH.svg",
    "dist/page/assets/index-HASH.css",
    "dist/page/index.html",
    "dist/parquet/column.wasm",
    "docs/architecture.md",
    "docs/aws.md",
    "docs/configuration.md",
    "docs/findings.md",
    "docs/flow-logs.md",
    "docs/http.md",
    "docs/library.md",
    "docs/migrate.md",
    "docs/operate.md",
    "docs/troubleshoot.md",
    "docs/views.md",
    "package.json",
  ]);
  expect(files).toContain("dist/index.d.ts");
  expect(files).toContain("dist/main.js");
});

test.for([
  ["all-modules.js", "all modules replaced"],
  ["storage-alone.js", "storage replaced"],
  ["sqs-consumer.js", "jobs delivered from a queue"],
] as const)("%s works", async ([program, says]) => {
  const { stdout } = await run(process.execPath, [join(project, "dist", program)], {
    cwd: project,
    env: {
      ...process.env,
      DIGESTER_ENDPOINT: `file:${join(root, "test/fixtures/flow-logs")}`,
      SAMPLE_START: SAMPLE_WINDOW.start,
      SAMPLE_STOP: SAMPLE_WINDOW.stop,
    },
    timeout: DEADLINE_MS,
  });
  expect(stdout.trim()).toBe(says);
});
