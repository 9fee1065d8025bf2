// A program that brings a Storage alone, and HTTP clients, and gets the rest from the environment.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { buildApp, MemoryStorage, Service } from "vpcflow-grapherd";

const dataDir = await mkdtemp(join(tmpdir(), "library-user-"));
process.env["GRAPH_DATA_DIR"] = dataDir;
// Half a pair of buckets would be a fault, were the built-in Storage needed.
process.env["GRAPH_STORAGE_BUCKET"] = "not-ours";

const storage = new MemoryStorage();
const requests: string[] = [];
const queuerHttpClient = new Agent().compose((dispatch) => (options, handler) => {
  requests.push(`${options.method} ${options.path}`);
  return dispatch(options, handler);
});
const service = new Service({ storage, queuerHttpClient });
const app = await buildApp(service);
const url = await app.listen({ host: "127.0.0.1", port: 0 });
const query = new URLSearchParams({
  start: process.env["SAMPLE_START"] ?? "",
  stop: process.env["SAMPLE_STOP"] ?? "",
});
const graph = `${url}/graph?${query.toString()}`;

assert.equal((await fetch(graph, { method: "POST" })).status, 202);
let answer = await fetch(graph);
for (; answer.status === 204; answer = await fetch(graph)) await sleep(10);
assert.equal(answer.status, 200);
assert.match(await answer.text(), /^digraph \{\n\t"/);
assert.deepEqual(requests, ["POST /produce"]);
await app.close();
await queuerHttpClient.close();
await rm(dataDir, { recursive: true });
console.log("storage replaced");
