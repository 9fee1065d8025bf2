import { createServer } from "node:net";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DependencyError, RetryLaterError } from "../../src/errors.js";
import { HttpQueuer, type HttpQueuerOptions } from "../../src/queuer/http.js";
import { TimeWindow } from "../../src/window.js";
import { testQueuer } from "../contract/queuer.js";
import { startBus, type Bus } from "../support/bus.js";
import { betweenAttempts, hang, hangAfterHeaders, reset, status } from "../support/faults.js";
import { listen } from "../support/listen.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const job = { window, refresh: false, claim: "7d9f" };
const never = new AbortController().signal;

testQueuer("HttpQueuer", async () => {
  const { server, jobs } = await startBus();
  return {
    queuer: new HttpQueuer({ endpoint: () => ({ url: server.url, local: false }) }),
    delivered: jobs,
    fill: () => {
      server.down = status(503, "", { "retry-after": "3" });
    },
    breakQueue: () => {
      server.down = reset;
    },
    close: async () => server.close(),
  };
});

describe("against a bus", () => {
  let bus: Bus;
  let queuer: HttpQueuer | undefined;

  beforeEach(async () => {
    bus = await startBus();
  });

  afterEach(async () => {
    await queuer?.stop();
    await bus.server.close();
  });

  function open(options: Partial<HttpQueuerOptions> = {}): HttpQueuer {
    queuer = new HttpQueuer({ endpoint: () => ({ url: bus.server.url, local: false }), ...options });
    return queuer;
  }

  test("POSTs the job as JSON, to where the endpoint is by then", async () => {
    let path = "/early";
    const headers = { prefer: "respond-async" };
    const endpoint = () => ({ url: new URL(path, bus.server.url), local: false });
    open({ endpoint, headers, localHeaders: { "x-own": "1" } });
    path = "/vpcflow/graph?tenant=a";
    await queuer?.queue(job, never);
    const [request] = bus.server.requests;
    expect(request).toMatchObject({
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    expect(`${request?.url.pathname}${request?.url.search}`).toBe(path);
    expect(request?.headers).not.toHaveProperty("x-own");
    expect(JSON.stringify(request)).not.toContain(queuer?.loopbackToken);
    expect(JSON.parse(request?.body ?? "")).toEqual({
      id: window.id,
      start: window.start,
      stop: window.stop,
      claim: "7d9f",
    });
  });

  test("tells whether it is local, and sends its own headers and token only then", async () => {
    open({ endpoint: () => ({ url: bus.server.url, local: true }), localHeaders: { "x-own": "1" } });
    expect(queuer?.local).toBe(true);
    await queuer?.queue(job, never);
    expect(bus.server.requests[0]?.headers).toMatchObject({
      "x-own": "1",
      authorization: `Bearer ${queuer?.loopbackToken}`,
    });
  });

  test("takes its token no further than its own address: a redirect is a failure", async () => {
    const elsewhere = await startBus();
    try {
      open({ endpoint: () => ({ url: bus.server.url, local: true }) });
      bus.server.down = status(307, "", { location: elsewhere.server.url.href });
      await expect(queuer?.queue(job, never)).rejects.toThrow(/expected a status from 200 to 299, got 307/);
      expect(elsewhere.server.requests).toEqual([]);
    } finally {
      await elsewhere.server.close();
    }
  });

  test("has a token that nobody can guess", () => {
    const tokens = [open().loopbackToken, open().loopbackToken];
    expect(tokens[0]).toMatch(/^[\w-]{43}$/);
    expect(tokens[1]).not.toBe(tokens[0]);
  });

  test.for([200, 202, 204])("%i is acceptance", async (code) => {
    bus.server.faults.push(status(code));
    await open().queue(job, never);
  });

  test("an acceptance counts from its head on", async () => {
    bus.server.faults.push(hangAfterHeaders(202));
    await open().queue(job, never);
  });

  test.for([
    ["7", 7000],
    ["0", 0],
    ["99999999", 3_600_000],
    ["soon", 1000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ] as const)("503 with Retry-After %s is a full queue, and isn't retried", async ([retryAfter, ms]) => {
    bus.server.faults.push(status(503, "full", { "retry-after": retryAfter }));
    const error = await open()
      .queue(job, never)
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toHaveProperty("retryAfterMs", ms);
    expect(bus.server.requests).toHaveLength(1);
  });

  test("503 without Retry-After is retried", async () => {
    bus.server.faults.push(status(503), reset);
    await open().queue(job, never);
    expect(bus.jobs).toEqual([job]);
    expect(new Set(bus.server.requests.map(({ body }) => body)).size).toBe(1);
    expect(bus.server.requests).toHaveLength(3);
  });

  test.for([
    [302, 1],
    [400, 1],
    [429, 1],
    [500, 4],
    [503, 4],
    [504, 1],
  ] as const)("%i is an error after %i attempts", async ([code, attempts]) => {
    bus.server.down = status(code, 'no "such" topic\n');
    const error = await open()
      .queue(job, never)
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DependencyError);
    expect(error).toHaveProperty("dependency", "queuer");
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining(`got ${code} with the body "no \\"such\\" topic\\n"`),
    );
    expect(bus.server.requests).toHaveLength(attempts);
  });

  test("names the address when nobody listens", async () => {
    const { url } = bus.server;
    await bus.server.close();
    await expect(open({ endpoint: () => ({ url, local: false }) }).queue(job, never)).rejects.toThrow(
      `POST ${url.href}: connect ECONNREFUSED`,
    );
    bus = await startBus();
  });

  test("gives up on a bus that hangs", async () => {
    bus.server.down = hang;
    const error = await open({ timeoutMs: 60 })
      .queue(job, never)
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ dependency: "queuer", timedOut: true });
    expect(error).toHaveProperty("message", `POST ${bus.server.url.href}: no answer within 60 ms`);
  });

  test.for([
    ["for an answer", (abort: () => void) => abort],
    ["between attempts", betweenAttempts],
  ] as const)("an abort ends the wait %s", async ([, faultThat]) => {
    const controller = new AbortController();
    const reason = new Error("stopping");
    bus.server.down = faultThat(() => controller.abort(reason));
    await expect(open().queue(job, controller.signal)).rejects.toBe(reason);
    expect(bus.server.requests).toHaveLength(1);
  });

  test("an abort ends the wait for a connection", async () => {
    const silent = await listen(createServer((socket) => socket.resume()));
    const url = new URL(`https://127.0.0.1:${silent.port}`);
    const controller = new AbortController();
    const reason = new Error("stopping");
    const call = open({ endpoint: () => ({ url, local: false }) }).queue(job, controller.signal);
    await expect.poll(() => silent.open, { interval: 1 }).toBe(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    // Nobody gave up the connection meanwhile.
    expect(silent).toMatchObject({ open: 1, connections: 1 });
    await silent.close();
  });

  test("is ready when anybody but a gateway answers; itself always is", async () => {
    await open().ready(never);
    bus.server.down = status(502);
    await expect(open().ready(never)).rejects.toThrow("got 502");
    await open({ endpoint: () => ({ url: bus.server.url, local: true }) }).ready(never);
  });

  test("closes its connections when it is stopped", async () => {
    await open().queue(job, never);
    expect(bus.server.listening.open).toBeGreaterThan(0);
    await queuer?.stop();
    await expect.poll(() => bus.server.listening.open).toBe(0);
  });

  test("a client that is given is used as it is, and left open", async () => {
    const client = new Agent();
    bus.server.faults.push(status(500));
    await expect(open({ client }).queue(job, never)).rejects.toThrow("got 500");
    await queuer?.stop();
    await open({ client }).queue(job, never);
    await client.close();
  });
});
