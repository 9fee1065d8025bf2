import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { access, chmod, cp, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { SAMPLE_WINDOW } from "./make-sample-flow-logs.js";
import { checkedFetch } from "./support/checked-fetch.js";
import { kill } from "./support/child.js";
import { buildImage, setReadOnly, spawnIn, type Image } from "./support/image.js";
import { S3Server } from "./support/s3/server.js";
import { temporaryDir, type TemporaryDir } from "./support/temporary-dir.js";

/** There may be no Docker here: what the Dockerfile says is done in directories instead. */
const project = fileURLToPath(new URL("..", import.meta.url));
const graph = `/graph?${new URLSearchParams(SAMPLE_WINDOW).toString()}`;
const Listening = z.object({ message: z.literal("listening"), url: z.url() });

let dir: TemporaryDir;
let image: Image;
const running: ChildProcessByStdio<null, Readable, Readable>[] = [];

beforeAll(async () => {
  dir = await temporaryDir();
  // The image's user must get at it.
  await chmod(dir.path, 0o755);
  image = await buildImage(project, dir.path);
  // docker run -v …:/flow-logs:ro
  await cp(join(project, "test/fixtures/flow-logs"), join(image.root, "flow-logs"), { recursive: true });
  await setReadOnly(image, true);
});

afterEach(async () => {
  for (const child of running.splice(0)) await kill(child);
});

afterAll(async () => {
  await setReadOnly(image, false);
  await dir.remove();
});

interface Container {
  readonly url: string;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has written so far, to stdout and stderr. */
  readonly output: () => string;
}

/** docker run --read-only */
async function start(env: Record<string, string> = {}): Promise<Container> {
  const child = spawnIn(image, image.cmd, { RUNTIME_HTTPSERVER_ADDRESS: "127.0.0.1:0", ...env });
  running.push(child);
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        output += `${line}\n`;
        const event = line.startsWith("{") ? Listening.safeParse(JSON.parse(line)) : undefined;
        if (event?.success === true) resolve(event.data.url);
      });
    }
    child.once("close", () => reject(new Error(`it ended before it listened: ${output}`)));
  });
  return { url, child, output: () => output };
}

async function makeGraph({ url }: Container, headers: Record<string, string> = {}): Promise<string> {
  const queued = await checkedFetch(url + graph, { method: "POST", headers });
  expect(queued.status).toBe(202);
  let dot = "";
  const status = async () => {
    const answer = await checkedFetch(url + graph, { headers });
    dot = await answer.text();
    return answer.status;
  };
  await expect.poll(status).toBe(200);
  return dot;
}

async function checkHealth(env: Record<string, string>): Promise<unknown> {
  const [code] = await once(spawnIn(image, image.healthcheck, env), "exit");
  return code;
}

test("runs on a slim LTS, as a user with a number, from one volume", () => {
  expect(image.base).toMatch(/^node:\d*[02468]-slim$/);
  expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(image.volumes).toEqual([image.env["GRAPH_DATA_DIR"]]);
  expect(image.env).toMatchObject({ NODE_ENV: "production", RUNTIME_HTTPSERVER_ADDRESS: ":8080" });
  expect(image.ports).toEqual(["8080"]);
});

test("holds what the service needs to run, and nothing else", async () => {
  const Manifest = z.object({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  });
  const manifest = Manifest.parse(JSON.parse(await readFile(join(project, "package.json"), "utf8")));
  const app = join(image.root, image.workdir);
  expect((await readdir(app)).toSorted()).toEqual(["LICENSE.txt", "dist", "node_modules", "package.json"]);
  for (const name of Object.keys(manifest.dependencies)) await access(join(app, "node_modules", name));
  // What production needs as well isn't marked as dev: a validator that Fastify brings, for one.
  const Lock = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });
  const { packages } = Lock.parse(JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")));
  const development = Object.keys(manifest.devDependencies).filter(
    (name) => packages[`node_modules/${name}`]?.dev,
  );
  expect(development).toContain("vitest");
  for (const name of development) {
    await expect(access(join(app, "node_modules", name)), name).rejects.toThrow("ENOENT");
  }
});

// Others than root can't give files away.
test.skipIf(process.getuid?.() !== 0)("the volume alone belongs to the user", async () => {
  const [uid] = image.user.split(":").map(Number);
  expect((await stat(join(image.root, "data"))).uid).toBe(uid);
  expect((await stat(join(image.root, image.workdir))).uid).toBe(0);
});

test("makes a graph on a read-only root file system with the volume, and ends when told to", async () => {
  const container = await start({ FLOW_LOG_KEYS_IN_MEMORY: "1" });
  const dot = await makeGraph(container);
  expect(dot).toMatch(/^digraph \{\n\t"/);
  expect(dot).toMatch(/\}\n$/);
  container.child.kill("SIGTERM");
  expect(await once(container.child, "close")).toEqual([0, null]);
  const again = await start();
  expect(await (await checkedFetch(again.url + graph)).text()).toBe(dot);
});

test("is told to be healthy while it serves, on whatever address that is", async () => {
  const container = await start();
  const { host, port } = new URL(container.url);
  expect(await checkHealth({ RUNTIME_HTTPSERVER_ADDRESS: host })).toBe(0);
  expect(await checkHealth({ RUNTIME_HTTPSERVER_ADDRESS: `:${port}` })).toBe(0);
  expect(await checkHealth({ RUNTIME_HTTPSERVER_ADDRESS: "", PORT: port })).toBe(0);
  container.child.kill("SIGTERM");
  await once(container.child, "close");
  expect(await checkHealth({ RUNTIME_HTTPSERVER_ADDRESS: host })).toBe(1);
});

test("needs nothing that it can write to when graphs and claims are in S3", async () => {
  const s3 = await S3Server.start("graphs", "claims");
  const nowhere = join(image.root, "data");
  await rm(nowhere, { recursive: true });
  await mkdir(nowhere, { mode: 0o555 });
  try {
    const container = await start({
      GRAPH_STORAGE_BUCKET: "graphs",
      GRAPH_PROGRESS_BUCKET: "claims",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_S3: s3.url,
      GRAPH_S3_FORCE_PATH_STYLE: "true",
      USE_IAM: "false",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "keep-me-secret",
      API_TOKENS: "api-token-1",
      PRODUCE_TOKENS: "produce-token-1",
    });
    expect((await checkedFetch(container.url + graph, { method: "POST" })).status).toBe(401);
    const dot = await makeGraph(container, { authorization: "Bearer api-token-1" });
    expect(dot).toMatch(/^digraph \{\n\t"/);
    const stored = () =>
      s3
        .bucket("graphs")
        .keys()
        .map((key) => key.replace(/[0-9a-f-]{36}(?=\.)/, "ID").replace(/\d{10}-\d{10}/, "WINDOW"))
        .toSorted();
    // The graph is served before it is in the list.
    await expect.poll(stored).toEqual(["ID.dot", "ID.parquet", "entries/WINDOW-ID.json"]);
    container.child.kill("SIGTERM");
    expect(await once(container.child, "close")).toEqual([0, null]);
    expect(container.output()).toContain("job-finished");
    expect(container.output()).not.toMatch(/-token-1|keep-me-secret/);
  } finally {
    await s3.stop();
  }
});
