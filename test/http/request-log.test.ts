import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { buildApp } from "../../src/http/app.js";
import { toMessage } from "../../src/job.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { createLogger } from "../../src/telemetry/log.js";
import { checkedFetch } from "../support/checked-fetch.js";
import { hang } from "../support/faults.js";
import { TimeWindow } from "../../src/window.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";

const QUERY = "start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z";
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const LogEvent = z.looseObject({ message: z.string() });

let digesterd: Digesterd;
let app: FastifyInstance;
let url: string;
let events: z.infer<typeof LogEvent>[];

beforeEach(async () => {
  digesterd = await startDigesterd("");
  events = [];
  const logger = createLogger(
    { RUNTIME_LOGGER_OUTPUT: "STDOUT", RUNTIME_LOGGER_LEVEL: "DEBUG" },
    { destination: { write: (line) => events.push(LogEvent.parse(JSON.parse(line))) } },
  );
  const service = new BuiltInService(
    { storage: new MemoryStorage(), marker: new MemoryMarker() },
    {
      DIGESTER_ENDPOINT: digesterd.server.url.href,
      DIGESTER_POLLING_INTERVAL: "10",
      RUNTIME_SHUTDOWN_TIMEOUT: "10ms",
    },
  );
  app = await buildApp(service, { logger });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await app.close();
  await digesterd.server.close();
});

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await checkedFetch(new URL(path, url), init);
  await response.text();
  return response;
}

/** The first event, past or to come, of this name. */
async function event(name: string) {
  const find = () => events.find(({ message }) => message === name);
  await expect.poll(find, { interval: 5 }).toBeDefined();
  return find();
}

describe("the id of a request", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  test.each([
    ["X-Request-Id", { "x-request-id": "a.b_c:d-1" }, "a.b_c:d-1"],
    [
      "X-Request-Id before traceparent",
      { "x-request-id": "a", traceparent: `00-${TRACE}-00f067aa0ba902b7-01` },
      "a",
    ],
    ["traceparent", { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }, TRACE],
    ["a traceparent of a later version", { traceparent: `01-${TRACE}-00f067aa0ba902b7-01-more` }, TRACE],
    ["128 characters", { "x-request-id": "x".repeat(128) }, "x".repeat(128)],
  ])("is taken from %s", async (_, headers: Record<string, string>, id) => {
    const response = await call("/healthcheck", { headers });
    expect(response.headers.get("x-request-id")).toBe(id);
    expect(await event("request-finished")).toMatchObject({ reqId: id });
  });

  test.each([
    ["nothing is sent", {}],
    ["it is empty", { "x-request-id": "" }],
    ["it is too long", { "x-request-id": "x".repeat(129) }],
    ["it has other characters", { "x-request-id": 'a"b' }],
    ["it is sent twice", { "x-request-id": "a, b" }],
    ["the traceparent is none", { traceparent: "a" }],
    ["the traceparent's trace-id is zero", { traceparent: `00-${"0".repeat(32)}-00f067aa0ba902b7-01` }],
    ["the traceparent's version is forbidden", { traceparent: `ff-${TRACE}-00f067aa0ba902b7-01` }],
  ])("is made when %s", async (_, headers: Record<string, string>) => {
    const response = await call("/healthcheck", { headers });
    expect(response.headers.get("x-request-id")).toMatch(UUID);
  });

  test("is answered with errors too, and stands with what is logged of them", async () => {
    const response = await call("/graph", { headers: { "x-request-id": "mine" } });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-request-id")).toBe("mine");
    expect(await event("invalid-input")).toMatchObject({ reqId: "mine", reason: expect.any(String) });
  });

  test("follows the job to its end", async () => {
    await call(`/graph?${QUERY}`, { method: "POST", headers: { "x-request-id": "who-asked" } });
    const job = { reqId: "who-asked", start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" };
    expect(await event("job-finished")).toMatchObject({
      ...job,
      graphId: expect.any(String),
      edges: 0,
      nodes: 0,
      bytes: expect.any(Number),
      durationMs: expect.any(Number),
    });
    expect(await event("job-started")).toMatchObject(job);
  });

  test("follows the job into its failures", async () => {
    digesterd.body = "2 not a record\n";
    await call(`/graph?${QUERY}`, { method: "POST", headers: { "x-request-id": "who-asked" } });
    expect(await event("invalid-input")).toMatchObject({
      reqId: "who-asked",
      dependency: "grapher",
      final: true,
    });
  });
});

describe("the line of a request", () => {
  test("says how it ended, and by which route, not at which address", async () => {
    await call(`/graph?${QUERY}`);
    expect(await event("request-finished")).toEqual({
      level: "info",
      time: expect.any(String),
      reqId: expect.stringMatching(UUID),
      message: "request-finished",
      method: "GET",
      route: "/graph",
      status: 404,
      durationMs: expect.any(Number),
    });
    expect(await event("not-found")).toMatchObject({
      level: "info",
      reason: expect.stringContaining("nobody"),
    });
  });

  test("of a health check is one for debugging", async () => {
    await call("/healthcheck");
    expect(await event("request-finished")).toMatchObject({ level: "debug", route: "/healthcheck" });
  });

  test("tells when the caller didn't wait", async () => {
    digesterd.server.down = hang;
    const gone = new AbortController();
    const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
    const body = JSON.stringify(toMessage({ window, refresh: false, claim: undefined }));
    const answer = call("/produce", { method: "POST", body, signal: gone.signal });
    await event("job-started");
    gone.abort();
    await expect(answer).rejects.toThrow();
    expect(await event("request-finished")).toMatchObject({
      route: "/produce",
      status: 499,
      reason: "the connection closed before the answer was complete",
    });
  });
});
