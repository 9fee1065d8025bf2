import { describe, expect, onTestFinished, test } from "vitest";
import { request } from "undici";
import { defaultLimits } from "../../src/http/limits.js";
import { noStats } from "../../src/telemetry/stats.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { graphOf, serve, type Serving } from "./serving.js";

const window = nthHour(1);
const { start, stop } = window;
const path = graphOf(window, "/graph/progress");
const accept = { headers: { accept: "text/event-stream" } };

async function state({ call }: Serving): Promise<unknown> {
  const answer = await call("GET", path);
  expect(answer).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } });
  return JSON.parse(answer.body.toString());
}

/** Opens a stream, and gives its events as they come. */
async function stream({ url }: Serving) {
  const { statusCode, headers, body } = await request(url + path, accept);
  expect([statusCode, headers["content-type"]]).toEqual([200, "text/event-stream"]);
  const chunks = body.setEncoding("utf8")[Symbol.asyncIterator]();
  let text = "";
  return {
    close: () => body.destroy(),
    /** The states of events up to the one, or the end. */
    async until(wanted?: string): Promise<unknown[]> {
      for (;;) {
        const states = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json).state);
        if (states.includes(wanted)) return states;
        const next = await chunks.next();
        if (next.done === true) return states;
        text += String(next.value);
      }
    },
  };
}

test("as JSON", async () => {
  const serving = await serve();
  expect(await state(serving)).toEqual({ window: { start, stop }, state: "none" });
  serving.digesterd.polls = Number.POSITIVE_INFINITY;
  await serving.call("POST", graphOf(window));
  await eventually(async () => expect(await state(serving)).toMatchObject({ state: "reading" }));
  serving.digesterd.polls = 0;
  await eventually(async () =>
    expect(await state(serving)).toEqual({ window: { start, stop }, state: "done" }),
  );
});

test("a failure has its reason", async () => {
  const serving = await serve({ WORKER_RETRIES: "0" });
  serving.digesterd.body = "<html>";
  await serving.call("POST", graphOf(window));
  await eventually(async () =>
    expect(await state(serving)).toMatchObject({ state: "failed", reason: expect.any(String) as unknown }),
  );
});

test.each([
  ["", "start is missing"],
  [`?start=${stop}&stop=${start}`, "start must be at least a minute before stop"],
  [`?start=${start}&stop=${stop}&watch=1`, 'unknown parameter "watch": expected some of start, stop'],
])("%s is 400", async (query, message) => {
  const answer = await (await serve()).call("GET", `/graph/progress${query}`);
  expect([answer.status, answer.message]).toEqual([400, expect.stringContaining(message)]);
});

describe("as server-sent events", () => {
  test("one each time that it is further, and the end once it is done", async () => {
    const serving = await serve();
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    await serving.call("POST", graphOf(window));
    const events = await stream(serving);
    await events.until("reading");
    serving.digesterd.polls = 0;
    const states = await events.until();
    expect(states.at(-1)).toBe("done");
    // Nothing is told twice in a row.
    expect(states.filter((state, n) => state === states[n - 1])).toEqual([]);
  });

  test("a stream is no leak of listeners to Node", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => void warnings.push(name);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const serving = await serve({}, {}, { stats: noStats });
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    await serving.call("POST", graphOf(window));
    const events = await stream(serving);
    // Its answer has all its listeners once it is being sent.
    await events.until("reading");
    events.close();
    expect(warnings).not.toContain("MaxListenersExceededWarning");
  });

  test("what is over at once is one event", async () => {
    const events = await stream(await serve());
    expect(await events.until()).toEqual(["none"]);
  });

  test("streams take a tenth of the requests at most, and give their places back", async () => {
    const serving = await serve({}, {}, { limits: { ...defaultLimits(), HTTP_MAX_REQUESTS: 20 } });
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    await serving.call("POST", graphOf(window));
    const open = [await stream(serving), await stream(serving)];
    const refused = await serving.call("GET", path, accept);
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(await state(serving)).toMatchObject({ window: { start } });
    open[0]?.close();
    const next = await eventually(() => stream(serving));
    next.close();
    open[1]?.close();
  });

  test("they end when the process stops", async () => {
    const serving = await serve({ RUNTIME_SHUTDOWN_TIMEOUT: "60s" });
    serving.digesterd.polls = Number.POSITIVE_INFINITY;
    await serving.call("POST", graphOf(window));
    const events = await stream(serving);
    await events.until("reading");
    const closed = serving.close();
    const states = await events.until();
    expect(states).not.toContain("done");
    serving.digesterd.polls = 0;
    await closed;
  });
});
