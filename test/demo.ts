/**
 * The main job as any caller would have it done: starts the service on the sample flow logs, asks for the graph of their
 * window over HTTP, waits for it, and prints the DOT on stdout and a summary on stderr.
 *
 *     npm run --silent demo | dot -Tsvg > graph.svg
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { SAMPLE_WINDOW } from "./make-sample-flow-logs.js";

const DEADLINE_MS = 60_000;
const Listening = z.object({ message: z.literal("listening"), url: z.url() });
const root = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "vpcflow-grapherd-demo-"));
  const service = spawn(process.execPath, [join(root, "dist/main.js")], {
    env: {
      ...process.env,
      PORT: "0",
      RUNTIME_HTTPSERVER_ADDRESS: "",
      DIGESTER_ENDPOINT: `file:${join(root, "test/fixtures/flow-logs")}`,
      GRAPH_DATA_DIR: dataDir,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(service, "exit");
  try {
    await draw(await listening(service.stdout), AbortSignal.timeout(DEADLINE_MS));
  } finally {
    service.kill("SIGTERM");
    await exited;
    await rm(dataDir, { recursive: true });
  }
}

/** The address in the service's log, which is read on to the end so that the service never waits for us. */
async function listening(log: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: log })
      .on("line", (line) => {
        lines.push(line);
        const event = Listening.safeParse(JSON.parse(line));
        if (event.success) resolve(event.data.url);
      })
      .on("close", () => reject(new Error(`the service ended before it listened:\n${lines.join("\n")}`)));
  });
}

async function draw(url: string, signal: AbortSignal): Promise<void> {
  const graph = `${url}/graph?${new URLSearchParams(SAMPLE_WINDOW).toString()}`;
  const began = performance.now();
  const queued = await fetch(graph, { method: "POST", signal });
  if (queued.status !== 202) throw new Error(`POST ${graph}: expected 202, got ${await excerpt(queued)}`);
  for (;;) {
    const answer = await fetch(graph, { signal });
    if (answer.status === 200 && answer.body !== null) {
      const ms = performance.now() - began;
      summarise(await print(answer.body), ms);
      return;
    }
    if (answer.status !== 204)
      throw new Error(`GET ${graph}: expected 200 or 204, got ${await excerpt(answer)}`);
    await sleep(Math.min(100, Number(answer.headers.get("retry-after")) * 1000), undefined, { signal });
  }
}

async function excerpt(answer: Response): Promise<string> {
  return `${answer.status} ${(await answer.text()).slice(0, 500)}`;
}

async function print(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  const stdout = new Writable({
    write(chunk: Uint8Array, _, done) {
      chunks.push(chunk);
      process.stdout.write(chunk, done);
    },
  });
  await pipeline(body, stdout);
  return Buffer.concat(chunks).toString();
}

function summarise(dot: string, ms: number): void {
  const lines = dot.split("\n");
  const edges = lines.filter((line) => line.includes('" -> "'));
  const rejected = edges.filter((line) => line.includes(" color=red "));
  const nodes = lines.filter((line) => line.startsWith("\t")).length - edges.length;
  const summary = {
    window: `${SAMPLE_WINDOW.start} to ${SAMPLE_WINDOW.stop}`,
    nodes,
    edges: edges.length,
    rejected: rejected.length,
    bytes: Buffer.byteLength(dot),
    time: `${Math.round(ms)} ms`,
  };
  for (const [name, value] of Object.entries(summary)) process.stderr.write(`${name.padEnd(9)}${value}\n`);
}

await main();
