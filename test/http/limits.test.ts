import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { FastifyInstance, FastifyPluginCallback } from "fastify";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import type { Digester } from "../../src/digester/digester.js";
import { DependencyError } from "../../src/errors.js";
import { buildApp, type AppOptions } from "../../src/http/app.js";
import { defaultLimits } from "../../src/http/limits.js";
import { toMessage } from "../../src/job.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { createLogger } from "../../src/telemetry/log.js";
import { checkedFetch } from "../support/checked-fetch.js";
import { nthHour } from "../support/graph-id.js";

/** Never digests anything until it is told to stop. */
class IdleDigester implements Digester {
  asked = 0;
  whenAsked: () => Promise<void> = async () => undefined;

  async digest(_: unknown, signal: AbortSignal): Promise<never> {
    await once(signal, "abort");
    throw new DependencyError("digester", "told to stop");
  }

  async ready(): Promise<void> {
    this.asked++;
    await this.whenAsked();
  }
}

let digester: IdleDigester;
let app: FastifyInstance;
let url: string;
let log: string;

beforeEach(() => {
  digester = new IdleDigester();
  log = "";
});
afterEach(() => app.close());

async function start(options: AppOptions = {}): Promise<void> {
  const modules = { storage: new MemoryStorage(), marker: new MemoryMarker(), digester };
  const logger = createLogger(
    { RUNTIME_LOGGER_OUTPUT: "STDOUT", RUNTIME_LOGGER_LEVEL: "INFO" },
    { destination: { write: (line) => (log += line) } },
  );
  app = await buildApp(new BuiltInService(modules, { RUNTIME_SHUTDOWN_TIMEOUT: "10ms" }), {
    logger,
    ...options,
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
}

/** What comes back for bytes that no client would send, head and body. */
async function exchange(bytes: string): Promise<{ head: string; body: unknown }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(bytes);
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  return { head, body: JSON.parse(body) };
}

describe("what is too long", () => {
  test("as a URL gets 414", async () => {
    await start();
    const response = await checkedFetch(`${url}/graph?${"x".repeat(9000)}`);
    expect(response.status).toBe(414);
    expect(await response.json()).toMatchObject({ statusCode: 414, error: "URI Too Long" });
  });

  test("as headers gets 431", async () => {
    await start();
    const { head, body } = await exchange(`GET / HTTP/1.1\r\nx: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1.1 431 /);
    expect(body).toMatchObject({ statusCode: 431, error: "Request Header Fields Too Large" });
  });

  test("as a job gets 413", async () => {
    await start();
    const response = await checkedFetch(`${url}/produce`, { method: "POST", body: "x".repeat(100_000) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ statusCode: 413 });
  });
});

test("what isn't HTTP gets 400, in JSON as ever", async () => {
  await start();
  const { head, body } = await exchange("hello\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1.1 400 /);
  expect(body).toEqual({ statusCode: 400, error: "Bad Request", message: "this is not HTTP" });
});

test.for([
  ["no Host", "", 400, "the header Host is missing"],
  ["two Hosts", "Host: localhost\r\nHost: other\r\n", 400, "the header Host must be given once"],
  ["a Host that is none", "Host: a b\r\n", 400, "the header Host must be a name or an address, and a port"],
  [
    "an expectation",
    "Host: localhost\r\nExpect: a-miracle\r\n",
    417,
    "the header Expect can only be 100-continue",
  ],
] as const)("%s is refused in JSON, with the headers of any answer", async ([, headers, status, message]) => {
  await start();
  const { head, body } = await exchange(`GET /graph HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/x-request-id: .*content-type: application\/json/s);
  expect(body).toMatchObject({ statusCode: status, message });
});

test("a URL that can't be decoded gets 400, in JSON as ever", async () => {
  await start();
  const response = await checkedFetch(`${url}/%zz`);
  expect(response.status).toBe(400);
  expect(Object.keys(Object(await response.json()))).toEqual(["statusCode", "error", "message"]);
});

test("every answer carries security headers", async () => {
  await start();
  for (const path of ["/healthcheck", "/nowhere"]) {
    const { headers } = await checkedFetch(`${url}${path}`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
});

test("requests beyond the limit get 503 and when to come again; health checks and others' turn don't count", async () => {
  await start({ limits: { ...defaultLimits(), HTTP_MAX_REQUESTS: 1 } });
  const body = JSON.stringify(toMessage({ window: nthHour(0), refresh: false, claim: undefined }));
  const deliver = () => checkedFetch(`${url}/produce`, { method: "POST", body });
  const first = deliver();
  await expect.poll(() => log).toContain("job-started");
  const second = await deliver();
  expect(second.status).toBe(503);
  expect(second.headers.get("retry-after")).toBe("1");
  expect((await checkedFetch(`${url}/healthcheck`)).status).toBe(200);
  expect((await checkedFetch(`${url}/graph`)).status).toBe(400);
  expect((await checkedFetch(`${url}/graph`)).status).toBe(400);
  await app.close();
  const interrupted = await first;
  expect(interrupted.status).toBe(503);
  expect(interrupted.headers.get("retry-after")).not.toBeNull();
});

const tellsCaller: FastifyPluginCallback = (app, _, done) => {
  app.get("/caller", (request, reply) => void reply.send(request.ip));
  done();
};

test.for(["/healthcheck", "/readiness"])("HEAD %s is GET without a body", async (path) => {
  await start();
  const response = await checkedFetch(`${url}${path}`, { method: "HEAD" });
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("a proxy is believed in what it says of the caller only where that is set", async () => {
  for (const [trust, expected] of [
    [false, "127.0.0.1"],
    [true, "203.0.113.7"],
  ] as const) {
    await start({ limits: { ...defaultLimits(), HTTP_TRUST_PROXY: trust }, plugins: [tellsCaller] });
    const answer = await checkedFetch(`${url}/caller`, { headers: { "x-forwarded-for": "203.0.113.7" } });
    expect(await answer.text()).toBe(expected);
    await app.close();
  }
});

async function status(): Promise<number> {
  return (await checkedFetch(`${url}/readiness`)).status;
}

describe("GET /readiness", () => {
  test("names the module that says that it could not serve, and keeps why for the log", async () => {
    await start();
    digester.whenAsked = async () => {
      throw new DependencyError("digester", "no directory /hidden");
    };
    const response = await checkedFetch(`${url}/readiness`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({
      statusCode: 503,
      error: "Service Unavailable",
      message: "not ready: digester",
    });
    expect(log).toContain("no directory /hidden");
  });

  test("waits two seconds at most for one that doesn't answer, once for all who ask", async () => {
    await start();
    digester.whenAsked = () => new Promise(() => undefined);
    const answers = await Promise.all(Array.from({ length: 5 }, () => checkedFetch(`${url}/readiness`)));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    expect(digester.asked).toBe(1);
  });

  test("asks again when a second has passed", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    await start();
    digester.whenAsked = async () => {
      throw new Error("not yet");
    };
    expect(await status()).toBe(503);
    digester.whenAsked = async () => undefined;
    expect(await status()).toBe(503);
    expect(digester.asked).toBe(1);
    vi.advanceTimersByTime(1001);
    expect(await status()).toBe(200);
  });
});
