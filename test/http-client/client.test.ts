import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient, type HttpClientOptions } from "../../src/http-client/client.js";
import { betweenAttempts, cut, hang, hangAfterHeaders, reset, status } from "../support/faults.js";
import { HttpServer } from "../support/http-server.js";
import { listen } from "../support/listen.js";

describe("the HTTP client", () => {
  let server: HttpServer;
  let client: Dispatcher;

  beforeEach(async () => {
    server = await HttpServer.start((_request, response) => response.end("fine"));
    client = createHttpClient();
  });

  afterEach(async () => {
    await client.destroy();
    await server.close();
  });

  async function post(
    options: HttpClientOptions = {},
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    client = createHttpClient(options);
    return client.request({
      origin: server.url.origin,
      path: "/jobs",
      method: "POST",
      headers: { "x-job": "1" },
      body: "a job",
      ...(signal && { signal }),
    });
  }

  test.for([
    ["500", status(500)],
    ["502, with Retry-After", status(502, "", { "retry-after": "30" })],
    ["503, with Retry-After", status(503, "", { "retry-after": "30" })],
    ["503 with a long body", status(503, "x".repeat(1_000_000))],
    ["503 whose body never ends", hangAfterHeaders(503)],
    ["503 that breaks off", (response) => response.writeHead(503).write("half", () => response.destroy())],
    ["a broken connection", reset],
    ["a connection that is closed", (response) => response.socket?.destroy()],
  ] satisfies [string, (typeof server.faults)[0]][])("tries a POST again after %s", async ([, fault]) => {
    server.faults.push(fault, fault, fault);
    const { statusCode, body } = await post();
    expect([statusCode, await text(body)]).toEqual([200, "fine"]);
    expect(server.requests).toHaveLength(4);
    for (const { method, url, body, headers } of server.requests) {
      expect([method, url.pathname, body, headers["x-job"]]).toEqual(["POST", "/jobs", "a job", "1"]);
    }
    // Nothing of the answers that were thrown away is waited for.
    await expect.poll(() => server.listening.open).toBe(1);
    const gaps = server.requests.slice(1).map(({ at }, n) => at - (server.requests[n]?.at ?? 0));
    // A timer of 50 ms may fire a little early by the clock that measures here.
    expect(Math.min(...gaps)).toBeGreaterThan(49);
  });

  test("hands on the last answer, whole, when the third try again fails too", async () => {
    server.faults.push(...["first", "second", "third", "last"].map((body) => status(503, body)));
    const { statusCode, body } = await post();
    expect([statusCode, await text(body)]).toEqual([503, "last"]);
    expect(server.requests).toHaveLength(4);
  });

  test("fails with the last error when no connection lasts", async () => {
    server.down = reset;
    await expect(post()).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) });
    expect(server.requests).toHaveLength(4);
  });

  test.for([204, 302, 400, 404, 409, 429, 501, 504])("hands on %i at once", async (code) => {
    server.down = status(code);
    const { statusCode, body } = await post();
    await body.dump();
    expect(statusCode).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test("hands on a full queue at once when told to heed Retry-After", async () => {
    server.faults.push(
      status(500, "", { "retry-after": "1" }),
      status(503),
      status(503, "full", { "retry-after": "1" }),
    );
    const { statusCode, body } = await post({ heedRetryAfter: true });
    expect([statusCode, await text(body)]).toEqual([503, "full"]);
    expect(server.requests).toHaveLength(3);
  });

  test.for(["length", "chunked", "chunked, close"] as const)(
    "never asks again for a body that broke off (%s)",
    async (framing) => {
      server.faults.push(cut(Buffer.alloc(100_000), framing));
      const { body } = await post();
      await expect(text(body)).rejects.toThrow();
      expect(server.requests).toHaveLength(1);
    },
  );

  test("sends a stream once: it can't be repeated", async () => {
    server.faults.push(status(503));
    const { statusCode, body } = await client.request({
      origin: server.url.origin,
      path: "/",
      method: "POST",
      body: Readable.from(["a job"]),
    });
    await body.dump();
    expect(statusCode).toBe(503);
  });

  test("bounds a body", async () => {
    server.faults.push(status(200, "x".repeat(1001)), status(200, "x".repeat(1000)));
    await expect(post({ maxResponseBytes: 1000 }).then(({ body }) => text(body))).rejects.toMatchObject({
      code: "UND_ERR_RES_EXCEEDED_MAX_SIZE",
    });
    const { body } = await post({ maxResponseBytes: 1000 });
    expect(await buffer(body)).toHaveLength(1000);
  });

  test("bounds the wait for a head, which isn't repeated, and for the rest of a body", async () => {
    server.faults.push(hang, hangAfterHeaders());
    await expect(post({ headersTimeoutMs: 1000 })).rejects.toMatchObject({ code: "UND_ERR_HEADERS_TIMEOUT" });
    expect(server.requests).toHaveLength(1);
    const { body } = await post({ bodyTimeoutMs: 50 });
    await expect(text(body)).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" });
  });

  test("stops trying when the signal aborts", async () => {
    const controller = new AbortController();
    const reason = new Error("stopping");
    server.down = betweenAttempts(() => controller.abort(reason));
    await expect(post({}, controller.signal)).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  test("opens at most a hundred connections, and sends the rest of the requests over them", async () => {
    const held: ServerResponse[] = [];
    let holding = true;
    server.down = (response) => {
      if (holding) held.push(response);
      else response.end();
    };
    const calls = Array.from({ length: 120 }, async () => {
      const { body } = await client.request({ origin: server.url.origin, path: "/", method: "GET" });
      await body.dump();
    });
    await expect.poll(() => held.length).toBe(100);
    expect(server.listening.open).toBe(100);
    holding = false;
    for (const response of held) response.end();
    await Promise.all(calls);
    expect(server.requests).toHaveLength(120);
    expect(server.listening.connections).toBe(100);
  });

  test("replaces a connection that is too old before its next use, not while it is used", async () => {
    // Long enough for two requests on a busy machine.
    client = createHttpClient({ connectionTtlMs: 3000 });
    const get = async () => {
      const { body } = await client.request({ origin: server.url.origin, path: "/", method: "GET" });
      const received = await text(body);
      // undici takes up a connection again a turn of the event loop after its last answer.
      await setImmediate();
      return received;
    };
    await get();
    await get();
    expect(server.listening.connections).toBe(1);
    const born = performance.now();
    const held: ServerResponse[] = [];
    server.faults.push((response) => held.push(response));
    const late = get();
    await expect.poll(() => performance.now() - born).toBeGreaterThan(3100);
    expect(await get()).toBe("fine");
    expect(server.listening.connections).toBe(2);
    held[0]?.end("late");
    expect(await late).toBe("late");
    await expect.poll(() => server.listening.open).toBe(1);
  });

  test("gives a second to connect, TLS included", async () => {
    const silent = await listen(createServer((socket) => socket.resume()));
    const begun = performance.now();
    const call = client.request({ origin: `https://127.0.0.1:${silent.port}`, path: "/", method: "GET" });
    await expect(call).rejects.toMatchObject({ code: "UND_ERR_CONNECT_TIMEOUT" });
    // Four times a second, and three pauses.
    expect(performance.now() - begun).toBeGreaterThan(4100);
    expect(silent.connections).toBe(4);
    await expect.poll(() => silent.open).toBe(0);
    await silent.close();
  });
});
