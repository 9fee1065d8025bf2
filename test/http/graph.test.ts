import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { request } from "undici";
import { z } from "zod";
import { DependencyError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { GraphInfo, Storage } from "../../src/storage/storage.js";
import { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { hang, status } from "../support/faults.js";
import { gate } from "../support/gate.js";
import { graphOf, serve, type Serving } from "./serving.js";
import { unfenced } from "../support/store-options.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const never = new AbortController().signal;
const DOT = "digraph {\n}\n";

async function store({ storage }: Serving, dot = DOT): Promise<void> {
  await storage.store(window.id, Readable.from([gzipSync(dot)]), unfenced(never));
}

async function made({ call }: Serving, path = graphOf(window)): Promise<string> {
  return eventually(async () => {
    const answer = await call("GET", path);
    expect(answer.status).toBe(200);
    return answer.body.toString();
  });
}

async function failed({ call }: Serving): Promise<string> {
  return eventually(async () => {
    const answer = await call("GET", graphOf(window));
    expect(answer.status).toBe(404);
    return answer.message;
  });
}

describe("from request to graph", () => {
  test("POST 202, then GET 200, then POST 409", async () => {
    const serving = await serve();
    const missing = await serving.call("GET", graphOf(window));
    expect([missing.status, missing.message]).toEqual([
      404,
      "nobody has asked for this graph: POST /graph makes it",
    ]);
    const posted = await serving.call(
      "POST",
      "/graph?start=2019-06-01T02:00:30%2B02:00&stop=2019-06-01T01:00:59Z",
    );
    expect(posted).toMatchObject({ status: 202, headers: { location: graphOf(window), "retry-after": "1" } });
    expect(posted.body).toHaveLength(0);
    expect(await made(serving, String(posted.headers["location"]))).toContain('"10.0.0.1" -> "10.0.0.2"');
    const again = await serving.call("POST", graphOf(window));
    expect([again.status, again.message]).toEqual([409, "this graph exists already"]);
  });

  test("while it is made: GET 204, HEAD 204, POST 409", async () => {
    const serving = await serve();
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    expect(await serving.call("POST", graphOf(window))).toMatchObject({ status: 202 });
    for (const method of ["GET", "HEAD"] as const) {
      expect(await serving.call(method, graphOf(window))).toMatchObject({
        status: 204,
        headers: { "retry-after": "1" },
      });
    }
    const again = await serving.call("POST", graphOf(window));
    expect([again.status, again.message]).toEqual([409, "this graph is in progress"]);
  });

  test("of 60 simultaneous requests one is queued", async () => {
    const serving = await serve();
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => serving.call("POST", graphOf(window))),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202,
      ...Array<number>(59).fill(409),
    ]);
  });

  test("a failure's reason names its kind and nothing internal; the next POST tries again", async () => {
    const serving = await serve({ WORKER_RETRIES: "0" });
    serving.digesterd.server.down = status(500, "secret internals");
    await serving.call("POST", graphOf(window));
    expect(await failed(serving)).toBe(
      "the last attempt to make this graph failed: the digester failed; ask again later",
    );
    const head = await serving.call("HEAD", graphOf(window));
    expect([head.status, head.body.length]).toEqual([404, 0]);
    serving.digesterd.server.down = undefined;
    expect(await serving.call("POST", graphOf(window))).toMatchObject({ status: 202 });
    await made(serving);
  });

  test("refresh: made again, and the old one served until then", async () => {
    const serving = await serve();
    await store(serving);
    expect(await serving.call("POST", graphOf(window))).toMatchObject({ status: 409 });
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    const refresh = `${graphOf(window)}&refresh=true`;
    expect(await serving.call("POST", refresh)).toMatchObject({ status: 202 });
    expect(await serving.call("POST", refresh)).toMatchObject({ status: 409 });
    expect((await serving.call("GET", graphOf(window))).body.toString()).toBe(DOT);
    const other = await serve();
    await store(other);
    expect(await other.call("POST", refresh)).toMatchObject({ status: 202 });
    await eventually(async () => expect(await made(other)).toContain("10.0.0.1"));
    expect(await other.call("POST", refresh)).toMatchObject({ status: 202 });
  });

  test("a refresh that fails leaves the old one", async () => {
    const serving = await serve();
    await store(serving);
    serving.digesterd.body = "<html>";
    await serving.call("POST", `${graphOf(window)}&refresh=true`);
    await eventually(async () => {
      expect((await serving.marker.read(window.id, never))?.claim?.state).toBe("failed");
    });
    expect((await serving.call("GET", graphOf(window))).body.toString()).toBe(DOT);
  });

  test("with its own queue full: 503, and the claim is given back", async () => {
    const serving = await serve({ WORKER_CONCURRENCY: "1", WORKER_QUEUE_LIMIT: "0" });
    serving.digesterd.server.down = hang;
    await serving.call("POST", graphOf(window));
    const other = TimeWindow.parse("2019-06-01T01:00:00Z", "2019-06-01T02:00:00Z");
    const answer = await serving.call("POST", graphOf(other));
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(answer.message).not.toMatch(/127\.0\.0\.1|http/);
    expect(await serving.call("GET", graphOf(other))).toMatchObject({ status: 404 });
  });

  test("with a bus that is down, 502; it is asked in vain, and the claim is given back", async () => {
    // Nobody listens at port 9 of 127.0.0.1: the discard service of old.
    const serving = await serve({ STREAM_APPLIANCE_ENDPOINT: "http://127.0.0.1:9/topic" });
    const answer = await serving.call("POST", graphOf(window));
    expect([answer.status, answer.message]).toEqual([502, "the queuer failed; try again later"]);
    expect(await serving.marker.read(window.id, never)).toBeUndefined();
  });
});

describe("what a caller sends", () => {
  test.for([
    [{}, undefined],
    [{ "content-type": "application/x-www-form-urlencoded" }, ""],
    [{ "content-type": "application/x-www-form-urlencoded" }, "start=1"],
    [{ "content-type": "application/json" }, ""],
    [{ "content-type": "application/json" }, "{"],
    [{ "content-type": "text/plain" }, "x".repeat(3_000_000)],
    [{}, "no content type"],
  ] as const)("POST takes any body, %j", async ([headers, body]) => {
    const { call } = await serve();
    const answer = await call("POST", graphOf(window), { headers, ...(body !== undefined && { body }) });
    expect(answer.status).toBe(202);
  });

  const vectors = z
    .array(z.object({ start: z.string(), stop: z.string(), valid: z.boolean() }))
    .parse(JSON.parse(readFileSync(new URL("../fixtures/graph-ids.json", import.meta.url), "utf8")));

  test("every wrong window of the vectors is 400, and names the parameter", async () => {
    const { call, marker } = await serve();
    const wrong = vectors.filter(({ valid }) => !valid);
    expect(wrong.length).toBeGreaterThan(10);
    for (const { start, stop } of wrong) {
      for (const [method, path] of [
        ["GET", "/graph"],
        ["POST", "/graph"],
        ["POST", "/"],
      ] as const) {
        const answer = await call(method, `${path}?${new URLSearchParams({ start, stop }).toString()}`);
        expect([start, stop, answer.status]).toEqual([start, stop, 400]);
        expect(answer.message).toMatch(/^(?:start|stop) /);
      }
    }
    for await (const claim of marker.list(never)) expect(claim).toBeUndefined();
  });

  const start = "start=2019-06-01T00:00:00Z";
  const stop = "stop=2019-06-01T01:00:00Z";
  const future = `stop=${new Date(Date.now() + 200_000).toISOString()}`;

  test.for([
    ["GET", "", "start is missing: expected an RFC 3339 time such as 2019-06-01T00:00:00Z; stop is missing"],
    ["POST", start, "stop is missing"],
    ["GET", `${start}&${start}&${stop}`, "start must be given once"],
    [
      "GET",
      `${start}&stop=2019-07-03T00:00:00Z`,
      "stop is 46080 minutes after start: a window can be at most 44640",
    ],
    ["POST", `${start}&${stop}&refresh=yes`, 'refresh must be "true" or "false"'],
    ["POST", `${start}&${stop}&refresh=`, 'refresh must be "true" or "false"'],
    ["POST", `${start}&${stop}&refresh=true&refresh=true`, 'refresh must be "true" or "false"'],
    ["POST", `${start}&${stop}&vcp=vpc-1`, 'unknown parameter "vcp": expected some of start, stop, account'],
    [
      "POST",
      `start=${new Date(Date.now() - 60_000).toISOString()}&${future}`,
      "stop must not be more than a minute in the future",
    ],
  ] as const)("%s ?%s is 400", async ([method, query, message]) => {
    const { call } = await serve();
    const answer = await call(method, `/graph?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });

  test("a window of the future can be looked for; the Go service's path ignores what it doesn't know, as ever", async () => {
    const { call } = await serve();
    const from = `start=${new Date().toISOString()}`;
    expect(await call("GET", `/?${from}&${future}&utm=1`)).toMatchObject({ status: 404 });
  });

  test("a space is the plus it was", async () => {
    const serving = await serve();
    await store(serving);
    const query = "start=2019-06-01T02:00:00+02:00&stop=2019-06-01T03:00:00+02:00";
    expect(await serving.call("GET", `/graph?${query}`)).toMatchObject({ status: 200 });
  });

  test("unknown paths are 404, and unknown methods 405 with Allow, in JSON", async () => {
    const { call } = await serve();
    for (const path of ["/nothing", "/graph/", "/a/b/c", "/graph/x", `/${"x".repeat(8000)}`]) {
      const answer = await call("GET", path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.message).toContain("there is nothing at");
    }
    for (const [method, path, allow] of [
      ["DELETE", "/graph", "GET, HEAD, POST"],
      ["PUT", "/", "GET, HEAD, POST"],
      ["GET", "/produce", "POST"],
      ["POST", "/healthcheck", "GET, HEAD"],
    ] as const) {
      const answer = await call(method, path);
      expect(answer).toMatchObject({ status: 405, headers: { allow } });
      expect(answer.message).toContain(method);
    }
  });

  test("/ is /graph by its old name", async () => {
    const serving = await serve();
    expect(await serving.call("POST", graphOf(window, "/"))).toMatchObject({
      status: 202,
      headers: { location: graphOf(window) },
    });
    await made(serving, graphOf(window, "/"));
    expect(await serving.call("HEAD", graphOf(window, "/"))).toMatchObject({ status: 200 });
  });
});

describe("a stored graph", () => {
  test.for([
    [undefined, false],
    ["", false],
    ["gzip", true],
    ["GZIP", true],
    ["gzip, deflate, br", true],
    ["deflate, gzip;q=0.5", true],
    ["*", true],
    ["gzip;q=0", false],
    ["gzip;q=0, *", false],
    ["*;q=0", false],
    ["identity", false],
    ["identity, gzip;q=0.5", false],
    ["identity;q=0.5, gzip;q=0.6", true],
    ["identity;q=0, gzip", true],
    ["br", false],
  ] as const)("for Accept-Encoding %s: gzip %s", async ([accept, gzip]) => {
    const serving = await serve();
    await store(serving);
    const stored = await serving.storage.head(window.id, never);
    const headers = accept === undefined ? {} : { "accept-encoding": accept };
    const answer = await serving.call("GET", graphOf(window), { headers });
    expect(answer.status).toBe(200);
    expect((gzip ? gunzipSync(answer.body) : answer.body).toString()).toBe(DOT);
    expect(answer.headers).toMatchObject({
      "content-type": "text/vnd.graphviz; charset=utf-8",
      vary: "Accept-Encoding",
      "last-modified": stored?.modified.toUTCString(),
      etag: `"${stored?.version}${gzip ? "-gzip" : ""}"`,
    });
    expect(answer.headers["content-encoding"]).toBe(gzip ? "gzip" : undefined);
    if (gzip) expect(answer.headers["content-length"]).toBe(`${stored?.size}`);
    const head = await serving.call("HEAD", graphOf(window), { headers });
    const {
      date: _,
      connection: __,
      "keep-alive": ___,
      "transfer-encoding": ____,
      "x-request-id": _____,
      ...same
    } = answer.headers;
    expect(head).toMatchObject({ status: 200, headers: same });
    expect(head.body).toHaveLength(0);
  });

  test.for([
    [(etag: string) => `"${etag}"`, 304],
    [(etag: string) => `"${etag}-gzip"`, 304],
    [(etag: string) => `"a,b", W/"${etag}"`, 304],
    [() => "*", 304],
    [() => '"other"', 200],
    [(etag: string) => `"${etag.slice(1)}"`, 200],
    [(etag: string) => etag, 200],
  ] as const)("If-None-Match %#", async ([tag, expected]) => {
    const serving = await serve();
    await store(serving);
    const { version = "" } = (await serving.storage.head(window.id, never)) ?? {};
    for (const method of ["GET", "HEAD"] as const) {
      for (const coding of ["gzip", "identity"]) {
        const headers = { "if-none-match": tag(version), "accept-encoding": coding };
        const answer = await serving.call(method, graphOf(window), { headers });
        expect(answer.status).toBe(expected);
        expect(answer.headers).toHaveProperty(
          "etag",
          coding === "gzip" ? `"${version}-gzip"` : `"${version}"`,
        );
        expect(answer.headers).toHaveProperty("vary", "Accept-Encoding");
        if (expected === 304) expect(answer.body).toHaveLength(0);
      }
    }
  });

  test.for([
    ["its own time", (modified: Date) => modified.toUTCString(), 304],
    ["a later one", (modified: Date) => new Date(modified.getTime() + 60_000).toUTCString(), 304],
    ["an earlier one", (modified: Date) => new Date(modified.getTime() - 1000).toUTCString(), 200],
    ["no HTTP date", (modified: Date) => modified.toISOString(), 200],
    ["nothing", () => "", 200],
  ] as const)("If-Modified-Since, %s, where no tag is named", async ([, since, expected]) => {
    const serving = await serve();
    await store(serving);
    const { modified = new Date(0) } = (await serving.storage.head(window.id, never)) ?? {};
    for (const method of ["GET", "HEAD"] as const) {
      const headers = { "if-modified-since": since(modified) };
      expect((await serving.call(method, graphOf(window), { headers })).status).toBe(expected);
      const tagged = { ...headers, "if-none-match": '"other"' };
      expect((await serving.call(method, graphOf(window), { headers: tagged })).status).toBe(200);
    }
  });

  type PlantedGraph = GraphInfo & { open: () => Readable };

  /** Graphs as another store would have them. */
  class Planted extends MemoryStorage {
    readonly graph: PlantedGraph;
    constructor(graph: PlantedGraph) {
      super();
      this.graph = graph;
    }
    override async head(): ReturnType<Storage["head"]> {
      return this.graph;
    }
    override async get(): ReturnType<Storage["get"]> {
      return { ...this.graph, body: this.graph.open() };
    }
  }
  const info = { encoding: "gzip", modified: new Date(0), version: "v" } as const;

  test("a plain one that the Go service left is sent as it is, to anybody", async () => {
    const graph = {
      ...info,
      encoding: "identity",
      size: DOT.length,
      open: () => Readable.from([Buffer.from(DOT)]),
    } as const;
    const { call } = await serve({}, { storage: new Planted(graph) });
    const answer = await call("GET", graphOf(window), { headers: { "accept-encoding": "gzip" } });
    expect(answer.body.toString()).toBe(DOT);
    expect(answer.headers).toMatchObject({ etag: '"v"', "content-length": `${DOT.length}` });
    expect(answer.headers).not.toHaveProperty("content-encoding");
  });

  const large = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 251)), {
    level: 0,
  });
  /** Breaks when the caller has the head of the answer. */
  async function* broken(begun: Promise<void>): AsyncGenerator<Buffer> {
    yield large.subarray(0, large.length / 2);
    await begun;
    throw new DependencyError("storage", "the disk fell out");
  }
  test.for([
    ["bytes that can't be read on", "gzip", (begun: Promise<void>) => Readable.from(broken(begun))],
    ["bytes that can't be read on", "identity", (begun: Promise<void>) => Readable.from(broken(begun))],
    // Sent as they are, they reach the caller as they are.
    [
      "bytes of which the end was lost",
      "identity",
      () => Readable.from([large.subarray(0, large.length / 2)]),
    ],
  ] as const)("%s, as %s: the connection breaks", async ([, coding, open]) => {
    const headSent = gate();
    const storage = new Planted({ ...info, size: large.length, open: () => open(headSent.opened) });
    const { url, call } = await serve({}, { storage });
    const read = async () => {
      const { body } = await request(url + graphOf(window), { headers: { "accept-encoding": coding } });
      headSent.open();
      await body.arrayBuffer();
    };
    await expect(read()).rejects.toThrow();
    expect(await call("GET", "/healthcheck")).toMatchObject({ status: 200 });
  });

  /** A graph of which the beginning comes, and then nothing more. */
  function stuck() {
    const body = new Readable({ read: () => undefined });
    body.push(gzipSync("digraph {\n\t// HERE", { level: 0 }).subarray(0, -8));
    return { body, storage: new Planted({ ...info, size: 1000, open: () => body }) };
  }

  test.for([
    ["HTTP/1.0", "identity", ""],
    ["HTTP/1.0", "identity", "Connection: keep-alive\r\n"],
    ["HTTP/1.0", "gzip", ""],
    ["HTTP/1.1", "identity", "Connection: close\r\n"],
    ["HTTP/1.1", "gzip", ""],
  ] as const)("bytes that can't be read on, by %s as %s %j: a reset", async ([version, coding, more]) => {
    const { body, storage } = stuck();
    const { url } = await serve({}, { storage });
    const request = `GET ${graphOf(window)} ${version}\r\nHost: localhost\r\nAccept-Encoding: ${coding}\r\n${more}\r\n`;
    const fail = () => body.destroy(new DependencyError("storage", "the disk fell out"));
    expect(await ending(url, request, fail)).toMatchObject({ code: "ECONNRESET" });
  });

  test("a graph that is still sent at the end of a stop is broken off by a reset", async () => {
    const { storage } = stuck();
    const { url, close } = await serve({}, { storage });
    const request = `GET ${graphOf(window)} HTTP/1.0\r\n\r\n`;
    expect(await ending(url, request, () => void close())).toMatchObject({ code: "ECONNRESET" });
  });

  test("bytes that aren't what they should be from the first on: 500, described as such", async () => {
    const graph = { ...info, size: 7, open: () => Readable.from([Buffer.from("no gzip")]) };
    const { call } = await serve({}, { storage: new Planted(graph) });
    const answer = await call("GET", graphOf(window));
    expect(answer.status).toBe(500);
    expect(answer.message).toBe("an unexpected failure; try again later");
    for (const header of ["etag", "content-encoding", "last-modified"]) {
      expect(answer.headers).not.toHaveProperty(header);
    }
  });

  test("a store that fails is 500 without internals", async () => {
    const storage = new MemoryStorage();
    storage.get = storage.head = async () => {
      throw new DependencyError("storage", "EACCES: /var/secret");
    };
    const { call } = await serve({}, { storage });
    for (const method of ["GET", "POST"] as const) {
      const answer = await call(method, graphOf(window));
      expect([answer.status, answer.message]).toEqual([500, "the storage failed; try again later"]);
    }
  });

  test("a caller that hangs up lets go of the bytes", async () => {
    const body = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const { url } = await serve({}, { storage: new Planted({ ...info, size: 1e9, open: () => body }) });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(`GET ${graphOf(window)} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n`);
    socket.once("data", () => socket.destroy());
    await eventually(() => expect(body.destroyed).toBe(true));
  });
});

/**
 * How the connection of a request ends, when `then` is done once the beginning is here. All that came has been read by
 * then: libuv takes a reset for an end where it finds bytes before it.
 */
async function ending(url: string, request: string, then: () => void): Promise<unknown> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const ended = new Promise<unknown>((resolve) => socket.once("end", resolve).once("error", resolve));
  let received = "";
  socket.on("data", (data: Buffer) => {
    const before = received.includes("HERE");
    received += data.toString("latin1");
    if (!before && received.includes("HERE")) then();
  });
  socket.write(request);
  return ended;
}
