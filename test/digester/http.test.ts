import type { ServerResponse } from "node:http";
import { buffer, text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { HttpDigester, digesterdEndpoint, type HttpDigesterOptions } from "../../src/digester/http.js";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { TimeWindow } from "../../src/window.js";
import { testDigester } from "../contract/digester.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { cut, hang, hangAfterHeaders, reset, status } from "../support/faults.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const line = "2 123 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 1559347200 1559347260 ACCEPT OK\n";
const never = new AbortController().signal;

for (const [form, encode] of [
  ["plain", (text: string) => text],
  ["gzip", (text: string) => gzipSync(text, { level: 0 })],
] as const) {
  testDigester(`HttpDigester, ${form}`, async () => {
    const digest = line.repeat(30_000);
    const digesterd = await startDigesterd(encode(digest));
    const { server } = digesterd;
    return {
      digester: new HttpDigester({
        endpoint: server.url,
        pollingIntervalMs: 5,
        pollingTimeoutMs: 10_000,
        maxBytes: 2 ** 30,
      }),
      window,
      digest,
      contain: (fixture) => {
        digesterd.body = encode(fixture.digest);
      },
      breakSource: () => {
        server.down = status(500);
      },
      close: async () => server.close(),
    };
  });
}

describe("against a vpcflow-digesterd", () => {
  let digesterd: Digesterd;
  let digester: HttpDigester | undefined;

  beforeEach(async () => {
    digesterd = await startDigesterd(line);
  });

  afterEach(async () => {
    await digester?.stop();
    await digesterd.server.close();
  });

  function open(options: Partial<HttpDigesterOptions> = {}): HttpDigester {
    digester = new HttpDigester({
      endpoint: digesterd.server.url,
      pollingIntervalMs: 20,
      pollingTimeoutMs: 10_000,
      maxBytes: 2 ** 20,
      ...options,
    });
    return digester;
  }

  /** The error that a digest ends in, be it the call's or the body's. */
  async function failure(options: Partial<HttpDigesterOptions> = {}): Promise<unknown> {
    return open(options)
      .digest(window, never)
      .then(async ({ body }) => {
        return `no error but ${await text(body)}`;
      })
      .catch((error: unknown) => error);
  }

  test("POSTs the window, then polls at the interval until the digest is there", async () => {
    digesterd.polls = 2;
    const endpoint = new URL("digests/?tenant=a", digesterd.server.url);
    const { body } = await open({ endpoint }).digest(window, never);
    expect(await text(body)).toBe(line);
    const { requests } = digesterd.server;
    expect(requests.map(({ method, body }) => `${method}${body}`)).toEqual(["POST", "GET", "GET", "GET"]);
    for (const { url } of requests) {
      expect(url.pathname).toBe("/digests/");
      expect(Object.fromEntries(url.searchParams)).toEqual({
        tenant: "a",
        start: window.start,
        stop: window.stop,
      });
    }
    const [, first, second] = requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(19);
  });

  test("polls for a digest that somebody asked for before", async () => {
    digesterd.server.faults.push(status(409));
    digesterd.server.faults.push(status(204), status(200, line));
    expect(await text((await open().digest(window, never)).body)).toBe(line);
  });

  test("hands gzip on as it came, whatever its Content-Encoding", async () => {
    const bytes = gzipSync(line);
    digesterd.server.faults.push(status(202), status(200, bytes, { "content-encoding": "gzip" }));
    expect(await buffer((await open().digest(window, never)).body)).toEqual(bytes);
  });

  test("asks again after 503 and a broken connection", async () => {
    const { faults, requests } = digesterd.server;
    faults.push(status(503), reset, status(202), status(502, "", { "retry-after": "30" }));
    digesterd.polls = 0;
    faults.push(status(200, line));
    expect(await text((await open().digest(window, never)).body)).toBe(line);
    expect(requests.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "GET", "GET"]);
  });

  test.for([
    ["POST", 400, false, []],
    ["POST", 403, false, []],
    ["POST", 200, true, []],
    ["POST", 504, true, []],
    ["GET", 404, true, [status(202)]],
    ["GET", 410, false, [status(202)]],
    ["GET", 302, true, [status(409)]],
  ] as const)("%s %i is an error, transient: %s", async ([method, code, transient, before]) => {
    digesterd.server.faults.push(...before, status(code, `no\u0007${"x".repeat(5000)}`));
    const error = await failure();
    expect(error).toBeInstanceOf(DependencyError);
    expect(error).toMatchObject({ dependency: "digester", transient, timedOut: code === 504 });
    expect(error).toHaveProperty(
      "message",
      `${method} ${digesterd.server.url.href}: expected ${method === "POST" ? "202 or 409" : "200 or 204"}, ` +
        `got ${code} with the body "no\\u0007${"x".repeat(197)}…"`,
    );
    expect(digesterd.server.requests).toHaveLength(before.length + 1);
  });

  test("says what the last of the retried answers was", async () => {
    digesterd.server.faults.push(...["a", "b", "c", "last"].map((body) => status(500, body)));
    expect(await failure()).toHaveProperty(
      "message",
      expect.stringContaining('got 500 with the body "last"'),
    );
    expect(digesterd.server.requests).toHaveLength(4);
  });

  test("doesn't wait for the rest of an error's body", async () => {
    digesterd.server.faults.push(hangAfterHeaders(404));
    expect(await failure()).toHaveProperty("message", expect.stringContaining("got 404"));
  });

  test.for(["length", "chunked", "chunked, close"] as const)(
    "a digest that breaks off in the middle (%s) is an error, and isn't resumed",
    async (framing) => {
      digesterd.server.faults.push(status(202), cut(Buffer.from(line.repeat(100)), framing));
      const error = await failure();
      expect(error).toBeInstanceOf(DependencyError);
      expect(error).toMatchObject({ dependency: "digester", transient: true });
      expect(error).toHaveProperty("message", expect.stringContaining("broke off"));
      expect(digesterd.server.requests).toHaveLength(2);
    },
  );

  test("a digest over the limit is corrupt input", async () => {
    digesterd.body = line.repeat(100);
    const error = await failure({ maxBytes: 1000 });
    expect(error).toBeInstanceOf(CorruptInputError);
    expect(error).toHaveProperty("message", expect.stringContaining("at most DIGEST_MAX_BYTES, 1000"));
  });

  test.for([
    ["polls without end", status(204)],
    ["hangs", hang],
  ] as const)("gives up after the timeout on a digester that %s", async ([, fault]) => {
    digesterd.server.faults.push(status(202));
    digesterd.server.down = fault;
    const error = await failure({ pollingTimeoutMs: 100 });
    expect(error).toBeInstanceOf(DependencyError);
    expect(error).toMatchObject({ dependency: "digester", timedOut: true, transient: true });
    expect(error).toHaveProperty("message", expect.stringContaining("within 100 ms"));
  });

  test("the timeout ends with the polling: a slow body is not its business", async () => {
    const held: ServerResponse[] = [];
    digesterd.server.faults.push(status(202), (response) => {
      response.write(line);
      held.push(response);
    });
    const begun = performance.now();
    // Long enough to get there on a busy machine.
    const { body } = await open({ pollingTimeoutMs: 3000 }).digest(window, never);
    await expect.poll(() => performance.now() - begun).toBeGreaterThan(3100);
    held[0]?.end(line);
    expect(await text(body)).toBe(line + line);
  });

  test("polls for ever when told to, until the signal aborts", async () => {
    digesterd.polls = Number.POSITIVE_INFINITY;
    const controller = new AbortController();
    const reason = new Error("stopping");
    const { DIGESTER_POLLING_TIMEOUT: pollingTimeoutMs } = z
      .object(digesterdEndpoint.settings)
      .parse({ DIGESTER_POLLING_TIMEOUT: "-1" });
    const call = open({ pollingTimeoutMs }).digest(window, controller.signal);
    await expect.poll(() => digesterd.server.requests.length).toBeGreaterThan(4);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test.for([
    ["an answer", hang],
    ["the rest of a body", hangAfterHeaders()],
  ] as const)("an abort ends the wait for %s", async ([, fault]) => {
    digesterd.server.faults.push(status(202), fault);
    const controller = new AbortController();
    const reason = new Error("stopping");
    const call = open()
      .digest(window, controller.signal)
      .then(async ({ body }) => text(body));
    await expect.poll(() => digesterd.server.requests.length).toBe(2);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test("a failure before anybody reads is told to whoever reads then", async () => {
    digesterd.server.faults.push(status(202), cut(Buffer.from(line), "length"));
    const { body } = await open().digest(window, never);
    await expect.poll(() => body.closed).toBe(true);
    await expect(text(body)).rejects.toThrow("broke off");
    await expect(text(body)).rejects.toBeInstanceOf(DependencyError);
  });

  test("an abort ends a body that has all arrived, too", async () => {
    const controller = new AbortController();
    const reason = new Error("stopping");
    const { body } = await open().digest(window, controller.signal);
    await expect.poll(() => body.readableLength).toBe(line.length);
    controller.abort(reason);
    await expect.poll(() => body.closed).toBe(true);
    await expect(text(body)).rejects.toBe(reason);
  });

  test("is ready when anybody but a gateway answers", async () => {
    await open().ready(never);
    digesterd.server.down = status(503, "nobody home");
    await expect(open().ready(never)).rejects.toThrow("got 503");
    await digesterd.server.close();
    await expect(open().ready(never)).rejects.toMatchObject({ dependency: "digester" });
    digesterd = await startDigesterd(line);
  });

  test("closes its connections when it is stopped", async () => {
    await text((await open().digest(window, never)).body);
    expect(digesterd.server.listening.open).toBeGreaterThan(0);
    await digester?.stop();
    await expect.poll(() => digesterd.server.listening.open).toBe(0);
  });

  test("leaves a client alone that is its owner's", async () => {
    const client = new Agent();
    await text((await open({ client }).digest(window, never)).body);
    await digester?.stop();
    await text((await open({ client }).digest(window, never)).body);
    await client.close();
  });

  test("reads its settings", () => {
    const settings = z.object(digesterdEndpoint.settings);
    expect(settings.parse({})).toEqual({
      DIGESTER_POLLING_INTERVAL: 1000,
      DIGESTER_POLLING_TIMEOUT: 600_000,
    });
    expect(settings.parse({ DIGESTER_POLLING_TIMEOUT: "-1" }).DIGESTER_POLLING_TIMEOUT).toBe(Infinity);
    expect(settings.parse({ DIGESTER_POLLING_INTERVAL: "0" }).DIGESTER_POLLING_INTERVAL).toBe(1);
    expect(settings.safeParse({ DIGESTER_POLLING_TIMEOUT: "-2" }).success).toBe(false);
  });
});
