import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { loadConfig } from "../src/compose/config.js";
import { MemoryMarker } from "../src/marker/memory.js";
import { MemoryStorage } from "../src/storage/memory.js";
import { serializeError } from "../src/telemetry/serialize-error.js";
import { TimeWindow } from "../src/window.js";
import { graphOf, serve } from "./http/serving.js";
import { status } from "./support/faults.js";
import { HttpServer } from "./support/http-server.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const next = TimeWindow.parse("2019-06-01T01:00:00Z", "2019-06-01T02:00:00Z");

/** Somebody in the Internet had answers from this port. */
function open(port: number): string {
  return [
    `2 1 eni-1 198.51.100.7 10.0.0.5 0 ${port} 6 30 9000 1 2 ACCEPT OK\n`,
    `2 1 eni-1 10.0.0.5 198.51.100.7 ${port} 0 6 30 9000 1 2 ACCEPT OK\n`,
  ].join("");
}

let receiver: HttpServer;
let log: string;

beforeEach(async () => {
  receiver = await HttpServer.start((_, response) => void response.end("ok"));
  log = "";
});
afterEach(() => receiver.close());

const Post = z.object({ finding: z.object({ rule: z.string(), ports: z.array(z.number()) }) });

/** The rules and ports of what was POSTed. */
function posted(): string[] {
  return receiver.requests.map(({ body }) => {
    const { finding } = Post.parse(JSON.parse(body));
    return `${finding.rule} ${finding.ports.join()}`;
  });
}

function begin(env: Record<string, string>, modules: Parameters<typeof serve>[1] = {}) {
  const lines = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString();
      done();
    },
  });
  const serializers = { error: serializeError };
  const logger = pino({ level: "debug", messageKey: "message", serializers }, lines);
  return serve({ GRAPH_SCHEDULE: "1h", GRAPH_SCHEDULE_BACKFILL: "0", ...env }, modules, { logger });
}

test("three processes over one store POST what is new in a window that one of them has made, once", async () => {
  const modules = { storage: new MemoryStorage(), marker: new MemoryMarker() };
  const env = { FINDINGS_WEBHOOK: receiver.url.href };
  const three = [await begin(env, modules), await begin(env, modules), await begin(env, modules)];
  const make = async (one: (typeof three)[number] | undefined, which: TimeWindow, digest: string) => {
    if (one === undefined) throw new Error("expected three processes");
    one.digesterd.body = digest;
    expect((await one.call("POST", graphOf(which))).status).toBe(202);
  };
  await make(three[0], window, open(22));
  await expect.poll(posted).toEqual(["exposed-service 22"]);
  await make(three[1], next, open(22) + open(3389));
  await expect.poll(posted).toEqual(["exposed-service 22", "exposed-service 3389"]);
  await expect.poll(() => log.match(/"finding-sent"/g)).toHaveLength(2);
  // What is kept for this isn't shown.
  const list = (await three[2]?.call("GET", "/graphs"))?.body.toString();
  expect(list).toContain('"findings":{"high":');
  expect(list).not.toContain("told");
});

test("where the POST goes is in no line of the log, without its masks too", async () => {
  const url = `${receiver.url.href}services/T00/path-secret?key=query-secret`;
  receiver.down = status(403, "path-secret and query-secret aren't welcome");
  const { call, digesterd } = await begin({
    FINDINGS_WEBHOOK: url,
    FINDINGS_WEBHOOK_SECRET: "a-key-of-sixteen-characters",
  });
  digesterd.body = open(22);
  await call("POST", graphOf(window));
  await expect.poll(() => log).toContain('"webhook-failure"');
  expect(log).toContain("POST FINDINGS_WEBHOOK: expected a status from 200 to 299, got 403");
  expect(receiver.requests[0]?.url.href).toBe(url);
  expect(log).not.toMatch(/path-secret|query-secret|a-key-of|services/);
});

describe("the settings", () => {
  const GRAPH_SCHEDULE = "1h";

  test.for([
    [{ FINDINGS_WEBHOOK: "hooks.example/x" }, "FINDINGS_WEBHOOK: expected an http:// or https:// URL"],
    [{ FINDINGS_WEBHOOK: "ftp://hooks.example/x" }, "FINDINGS_WEBHOOK: expected an http:// or https:// URL"],
    [{ FINDINGS_WEBHOOK: "https://me:hush@hooks.example/" }, "without user and password"],
    [{ FINDINGS_WEBHOOK_SECRET: "short" }, "FINDINGS_WEBHOOK_SECRET: expected at least 16 characters"],
  ] as const)("%o is a fault, and isn't shown", ([env, message]) => {
    const [value] = Object.values(env);
    expect(() => loadConfig({ GRAPH_SCHEDULE, ...env })).toThrow(message);
    expect(() => loadConfig({ GRAPH_SCHEDULE, ...env })).not.toThrow(value);
  });

  test("findings are those of scheduled windows, so there has to be a schedule", () => {
    const env = { FINDINGS_WEBHOOK: "https://hooks.example/x" };
    expect(() => loadConfig(env)).toThrow(
      "FINDINGS_WEBHOOK, GRAPH_SCHEDULE: expected GRAPH_SCHEDULE as well",
    );
    expect(loadConfig({ ...env, GRAPH_SCHEDULE }).FINDINGS_WEBHOOK?.hostname).toBe("hooks.example");
  });
});
