// A program that brings all four modules, a logger, a stats client and a Fastify plugin of its own.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { StatsD } from "hot-shots";
import { pino } from "pino";
import {
  buildApp,
  type Claim,
  type Digester,
  type Job,
  type Marker,
  type Queuer,
  Service,
  type Storage,
  type TimeWindow,
} from "vpcflow-grapherd";

class ArrayStorage implements Storage {
  readonly graphs = new Map<string, { bytes: Buffer; modified: Date }>();

  async head(id: string) {
    const graph = this.graphs.get(id);
    if (graph === undefined) return undefined;
    const { bytes, modified } = graph;
    return { encoding: "gzip" as const, size: bytes.length, modified, version: `v${modified.getTime()}` };
  }

  async get(id: string) {
    const info = await this.head(id);
    const graph = this.graphs.get(id);
    return info && graph && { ...info, body: Readable.from([graph.bytes]) };
  }

  async store(id: string, body: Readable) {
    this.graphs.set(id, { bytes: await buffer(body), modified: new Date() });
  }
}

class ArrayMarker implements Marker {
  readonly claims = new Map<string, { claim: Claim; version: string; at: number }>();
  #writes = 0;

  async read(id: string) {
    const found = this.claims.get(id);
    return found && { claim: found.claim, version: found.version, ageMs: performance.now() - found.at };
  }

  async create(id: string, claim: Claim) {
    return this.claims.has(id) ? undefined : this.#write(id, claim);
  }

  async replace(id: string, version: string, claim: Claim) {
    return this.claims.get(id)?.version === version ? this.#write(id, claim) : undefined;
  }

  async remove(id: string, version: string) {
    return this.claims.get(id)?.version === version && this.claims.delete(id);
  }

  async *list() {}

  #write(id: string, claim: Claim) {
    const version = `v${this.#writes++}`;
    this.claims.set(id, { claim, version, at: performance.now() });
    return version;
  }
}

class DirectQueuer implements Queuer {
  deliver: (job: Job) => Promise<unknown> = () => Promise.reject(new Error("nobody to deliver to"));

  async queue(job: Job) {
    await this.deliver(job);
  }
}

class OneFlowDigester implements Digester {
  async digest({ startDate }: TimeWindow) {
    const end = startDate.getTime() / 1000;
    const line = `2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 0 443 6 20 4249 ${end} ${end} ACCEPT OK\n`;
    return { body: Readable.from([Buffer.from(line)]) };
  }
}

const storage = new ArrayStorage();
const marker = new ArrayMarker();
const queuer = new DirectQueuer();
// Variables of modules that are given are nobody's business, right or wrong.
process.env["DIGESTER_ENDPOINT"] = "gopher://nonsense";
const service = new Service({ storage, marker, queuer, digester: new OneFlowDigester() });
queuer.deliver = (job) => service.accept(job);

const events: string[] = [];
const logger = pino({ messageKey: "message" }, { write: (line: string) => events.push(line) });
const seen: string[] = [];
const plugin = async (app: FastifyInstance) => {
  app.get("/mine", () => "mine");
};
const stats = new StatsD({ mock: true, bufferFlushInterval: 60_000 });
const app = await buildApp(service, { logger, stats, plugins: [plugin] });
app.addHook("onResponse", async ({ method }, { statusCode }) => {
  seen.push(`${method} ${statusCode}`);
});
const url = await app.listen({ host: "127.0.0.1", port: 0 });
const graph = `${url}/graph?start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z`;

assert.equal((await fetch(graph)).status, 404);
// Its digester knows no scope.
assert.equal((await fetch(`${graph}&account=111122223333`, { method: "POST" })).status, 400);
assert.equal((await fetch(graph, { method: "POST" })).status, 202);
let answer = await fetch(graph);
for (; answer.status === 204; answer = await fetch(graph)) await sleep(10);
assert.equal(answer.status, 200);
assert.match(await answer.text(), /^digraph \{\n\t"10\.0\.0\.1" -> "10\.0\.0\.2" \[/);
assert.equal(await (await fetch(`${url}/mine`)).text(), "mine");
const [stored] = storage.graphs.values();
assert.match(String(stored && gunzipSync(stored.bytes)), /govpc_dstPort="443"/);
assert.ok(events.some((line) => line.includes('"job-finished"')));
assert.deepEqual(seen.slice(0, 3), ["GET 404", "POST 400", "POST 202"]);
await app.close();
assert.equal(marker.claims.size, 0);
assert.ok(
  stats.mockBuffer?.some((metric) => metric.startsWith("grapherd.jobs:1|c")),
  String(stats.mockBuffer),
);
stats.close();
console.log("all modules replaced");
