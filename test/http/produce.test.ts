import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { gzipSync } from "node:zlib";
import type { Digester } from "../../src/digester/digester.js";
import { toMessage } from "../../src/job.js";
import { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { hang, status } from "../support/faults.js";
import { graphOf, LINE, serve, type Answer, type Serving } from "./serving.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const message = toMessage({ window, refresh: false, claim: undefined });
const job = JSON.stringify(message);
const never = new AbortController().signal;

/** A job as a bus delivers it. */
function deliver({ call }: Serving, headers: Record<string, string> = {}, body = job): Promise<Answer> {
  return call("POST", "/produce", { headers, body });
}

describe("a delivered job", () => {
  test.for([
    "/produce",
    "/vpcflow/graph",
    // Topics may have the names of what we serve by other methods, now or later.
    "/graph/x",
    "/graph/findings",
    "/graph/progress",
    "/docs/static",
    "/produce/x",
    "/healthcheck/x",
    "/readiness/x",
    "/openapi.json/x",
    "/graphs/x",
  ])("%s: 204, the graph is stored; again: 204", async (path) => {
    const serving = await serve();
    for (let time = 0; time < 2; time++) {
      expect(await serving.call("POST", path, { body: job })).toMatchObject({ status: 204 });
    }
    expect(await serving.call("GET", graphOf(window))).toMatchObject({ status: 200 });
    expect(serving.digesterd.server.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  test.for([
    [{}],
    [{ "content-type": "application/json" }],
    [{ "content-type": "application/octet-stream" }],
    [{ "content-type": "text/plain; charset=utf-8" }],
    [{ "content-type": "application/x-www-form-urlencoded" }],
  ] as const)("as %j", async ([headers]) => {
    expect(await deliver(await serve(), headers)).toMatchObject({ status: 204 });
  });

  test.for(["respond-async", "Respond-Async, wait=10", "wait=10,respond-async;x=1"])(
    "Prefer: %s is 202 at once",
    async (prefer) => {
      const serving = await serve();
      serving.digesterd.server.down = hang;
      expect(await deliver(serving, { prefer })).toMatchObject({
        status: 202,
        headers: { "preference-applied": "respond-async" },
      });
      expect(await serving.call("GET", graphOf(window))).toMatchObject({ status: 204 });
    },
  );

  const DAEMON = { "user-agent": "aws-sqsd/3.0.3", "x-aws-sqsd-msgid": "1" };

  test.for([
    [DAEMON],
    [{ "user-agent": "aws-sqsd/2.4" }],
    [{ "x-aws-sqsd-msgid": "1" }],
    [{ ...DAEMON, prefer: "respond-async" }],
  ] as const)("of Elastic Beanstalk's daemon is done with 200, and not before: %j", async ([headers]) => {
    const serving = await serve();
    serving.digesterd.server.down = status(500);
    expect(await deliver(serving, headers)).toMatchObject({ status: 502 });
    serving.digesterd.server.down = undefined;
    for (let time = 0; time < 2; time++) {
      expect(await deliver(serving, headers)).toMatchObject({ status: 200 });
      expect(await serving.call("GET", graphOf(window))).toMatchObject({ status: 200 });
    }
  });

  test("in an envelope is worked; URLs in it aren't followed", async () => {
    const serving = await serve();
    const elsewhere = `${serving.digesterd.server.url.origin}/elsewhere`;
    const notification = {
      Type: "Notification",
      Message: job,
      SigningCertURL: elsewhere,
      UnsubscribeURL: elsewhere,
    };
    const text = { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification" };
    expect(await deliver(serving, text, JSON.stringify(notification))).toMatchObject({ status: 204 });
    expect(await serving.call("GET", graphOf(window))).toMatchObject({ status: 200 });

    const confirmation = { Type: "SubscriptionConfirmation", Token: "t", SubscribeURL: elsewhere };
    const answer = await deliver(serving, text, JSON.stringify(confirmation));
    expect(answer.status).toBe(400);
    expect(answer.message).toContain("aws sns confirm-subscription");
    expect(serving.digesterd.server.requests.filter(({ url }) => url.pathname === "/elsewhere")).toEqual([]);
  });

  test("that another worker holds: 503, and when it could have died", async () => {
    const serving = await serve();
    const claim = {
      token: "a",
      start: window.start,
      stop: window.stop,
      refresh: false,
      state: "working",
    } as const;
    await serving.marker.create(window.id, claim, never);
    const answer = await deliver(serving);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(50);
    // Another's job, by its token, has nothing left to do.
    const other = JSON.stringify({ ...message, claim: "b" });
    expect(await deliver(serving, {}, other)).toMatchObject({ status: 204 });
  });

  test("at capacity: 503 with Retry-After", async () => {
    const serving = await serve({ WORKER_CONCURRENCY: "1", WORKER_QUEUE_LIMIT: "0" });
    serving.digesterd.server.down = hang;
    await deliver(serving, { prefer: "respond-async" });
    const other = TimeWindow.parse("2019-06-01T01:00:00Z", "2019-06-01T02:00:00Z");
    const body = JSON.stringify(toMessage({ window: other, refresh: false, claim: undefined }));
    expect(await deliver(serving, {}, body)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  });

  test("too early: 503 with Retry-After; a request shows when", async () => {
    const readyAt = new Date(Date.now() + 600_000);
    const digester: Digester = {
      digest: () => Promise.reject(new Error("not asked")),
      readyAt: () => readyAt,
    };
    const serving = await serve({}, { digester });
    const answer = await deliver(serving);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(590);
    const posted = await serving.call("GET", graphOf(window));
    expect(posted.status).toBe(204);
    expect(Number(posted.headers["retry-after"])).toBeGreaterThan(590);
  });

  test.for([
    [status(500, "secret"), 502, "the digester failed; try again later"],
    [hang, 504, "the digester did not answer in time; try again later"],
  ] as const)("that fails is its deliverer's to retry, %#", async ([fault, code, text]) => {
    const serving = await serve({ DIGESTER_POLLING_TIMEOUT: "3000" });
    serving.digesterd.server.down = fault;
    const answer = await deliver(serving);
    expect([answer.status, answer.message]).toEqual([code, text]);
    expect((await serving.marker.read(window.id, never))?.claim).toMatchObject({ state: "queued" });
    serving.digesterd.server.down = undefined;
    expect(await deliver(serving)).toMatchObject({ status: 204 });
  });

  test("goes on when its deliverer hangs up", async () => {
    const serving = await serve();
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
    socket.write(`POST /produce HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${job.length}\r\n\r\n${job}`);
    const polls = () => serving.digesterd.server.requests.length;
    await eventually(() => expect(polls()).toBeGreaterThan(2));
    socket.destroy();
    const before = polls();
    await eventually(() => expect(polls()).toBeGreaterThan(before + 10));
    serving.digesterd.server.faults.push(status(200, LINE));
    await eventually(async () =>
      expect(await serving.call("GET", graphOf(window))).toMatchObject({ status: 200 }),
    );
  });
});

describe("what is no job is 400 and changes nothing", () => {
  test.for([
    ["", "JSON"],
    ["{", "JSON"],
    ["null", 'not "null"'],
    ["[]", "an empty batch"],
    [`[${job},${job}]`, "a batch of 2"],
    ["{}", 'expected a job, { "id", "start", "stop" }'],
    [JSON.stringify(job), 'not "a string in JSON"'],
    [`${job} and more`, "JSON"],
    [JSON.stringify({ id: message.id }), "start: "],
    [JSON.stringify({ Type: "Notification", Message: "{}" }), "raw message delivery"],
    [JSON.stringify({ ...message, id: "../../etc/passwd" }), "id: expected a graph id"],
    [JSON.stringify({ ...message, stop: "2019-06-01T02:00:00Z" }), "id must be the id of the window"],
    [JSON.stringify({ ...message, stop: message.start }), "start must be at least a minute before stop"],
    [JSON.stringify({ ...message, start: 1 }), "start"],
    [JSON.stringify({ ...message, refresh: "true" }), "refresh"],
    [JSON.stringify({ ...message, claim: "" }), "claim"],
  ] as const)("%s", async ([body, text]) => {
    const serving = await serve();
    for (const type of ["application/json", "text/plain"]) {
      const answer = await deliver(serving, { "content-type": type }, body);
      expect(answer.status).toBe(400);
      expect(answer.message).toContain(text);
    }
    for await (const claim of serving.marker.list(never)) expect(claim).toBeUndefined();
  });

  test("no body at all", async () => {
    const answer = await (await serve()).call("POST", "/produce");
    expect(answer.status).toBe(400);
    expect(answer.message).toContain("expected object");
  });

  test("a large one is 413", async () => {
    const answer = await deliver(await serve(), {}, JSON.stringify({ ...message, more: "x".repeat(70_000) }));
    expect(answer.status).toBe(413);
    expect(answer.message).toBe("Request body is too large");
  });
});

test("a job that this process may not do is 422, with why", async () => {
  const answer = await deliver(await serve({ GRAPH_MAX_WINDOW: "30m" }));
  const reason = "the window is longer than GRAPH_MAX_WINDOW of the worker";
  expect([answer.status, answer.message]).toEqual([422, reason]);
});

describe("a bad digest can never be a graph", () => {
  const lines = LINE.repeat(1000);
  const gzip = gzipSync(lines);
  const wrongSum = Buffer.from(gzip);
  wrongSum.writeUInt32LE(1, wrongSum.length - 8);

  test.for([
    ["gzip that is cut", gzip.subarray(0, gzip.length - 20)],
    ["gzip with a wrong checksum", wrongSum],
    ["HTML", "<!DOCTYPE html>\n<html></html>\n"],
    ["13 fields", LINE + LINE.replace(" OK", "")],
    ["a NUL byte", LINE.replace("eni-1", "eni\0")],
    ["a line of 10 MB", LINE + "x".repeat(10_000_000)],
    ["a bomb of valid lines", gzipSync(LINE.repeat(200_000))],
  ] as const)("%s: 422 to who waits, a reason to who asks", async ([, digest]) => {
    const serving = await serve({ DIGEST_MAX_BYTES: "1000000" });
    serving.digesterd.body = Buffer.from(digest);
    const answer = await deliver(serving);
    expect([answer.status, answer.message]).toEqual([
      422,
      "the flow logs of this job can't be read, now or later; the log says why",
    ]);
    expect(await serving.call("POST", graphOf(window))).toMatchObject({ status: 202 });
    await eventually(async () => {
      const missing = await serving.call("GET", graphOf(window));
      expect(missing.status).toBe(404);
      expect(missing.message).toMatch(
        /^the last attempt to make this graph failed: its flow logs are (?:malformed|larger)/,
      );
    });
    expect(await serving.storage.head(window.id, never)).toBeUndefined();
    // One attempt each: nothing is retried that can't succeed.
    expect(serving.digesterd.server.requests.filter(({ method }) => method === "POST")).toHaveLength(2);
  });
});
