import { createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { uninterrupted } from "../../src/deadline.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { FindingsWebhook } from "../../src/webhook.js";
import { TimeWindow } from "../../src/window.js";
import { type Announced, Announcer } from "../../src/worker/announcer.js";
import { Claims } from "../../src/worker/claims.js";
import { GraphList } from "../../src/worker/graph-list.js";
import { eventually } from "../support/eventually.js";
import { hang, status } from "../support/faults.js";
import { HttpServer } from "../support/http-server.js";
import { unfenced } from "../support/store-options.js";

const HOUR_MS = 3_600_000;
const KEY = "a key of sixteen";
const never = uninterrupted();

const Post = z.object({
  text: z.string(),
  window: z.object({ start: z.string(), stop: z.string() }),
  finding: z.looseObject({ id: z.string() }),
});

let receiver: HttpServer;
let storage: MemoryStorage;
let marker: MemoryMarker;
let announcers: Announcer[];
/** What stands out in each window, by its start. */
let findings: Record<string, readonly Announced[]>;
let failures: unknown[];

beforeEach(async () => {
  receiver = await HttpServer.start((_, response) => void response.end("ok"));
  storage = new MemoryStorage();
  marker = new MemoryMarker();
  announcers = [];
  findings = {};
  failures = [];
});
afterEach(async () => {
  await Promise.all(announcers.map((each) => each.stop()));
  await receiver.close();
});

function at(hour: number): string {
  return new Date(Date.UTC(2019, 5, 1) + hour * HOUR_MS).toISOString();
}

function hour(n: number, length = 1): TimeWindow {
  return TimeWindow.parse(at(n), at(n + length));
}

function onFailure(_: unknown, error: unknown): void {
  failures.push(error);
}

function finding(id: string, title = `${id} did it`): Announced {
  return { id, severity: "high", title, hosts: ["10.0.0.1"] };
}

/** Has a window's graph stored, in which this stands out. */
async function graph(window: TimeWindow, ids: readonly string[], content: string = window.id): Promise<void> {
  findings[window.start] = ids.map((id) => finding(id));
  const bytes = gzipSync(`digraph {\n\t"${content}"\n}\n`);
  await storage.store(window.id, Readable.from([bytes]), unfenced(never));
}

/** A process over the stores that all share. */
function announcer({ timeoutMs = 5000, url = receiver.url, lookMs = 10 } = {}): Announcer {
  const claims = new Claims(marker, { timeoutMs: 60_000 });
  const made = new Announcer({
    to: new FindingsWebhook(new URL(`${url.href}services/T/B/secret?token=secret`), KEY, timeoutMs),
    lengthsMs: [HOUR_MS, 24 * HOUR_MS],
    storage,
    claims,
    list: new GraphList({ storage, claims, onFailure }),
    find: async ({ start }) => findings[start] ?? [],
    onSent: () => undefined,
    onFailure,
    lookMs,
  });
  announcers.push(made);
  made.start();
  return made;
}

/** Resolves when all findings of the window's graph have been told. */
async function told(window: TimeWindow): Promise<void> {
  await eventually(async () => {
    const entry = await storage.entries.get(window, never);
    expect(entry?.told?.size).toBe((await storage.head(window.id, never))?.size);
  });
}

/** What was POSTed, whether or not it was taken: the window's hour and the finding. */
function posted(): string[] {
  return receiver.requests.map(({ body }) => {
    const post = Post.parse(JSON.parse(body));
    return `${post.window.start.slice(11, 13)} ${post.finding.id}`;
  });
}

test("a finding is POSTed as JSON with a text, signed", async () => {
  findings[hour(0).start] = [finding("a", "<!channel> & co")];
  const bytes = gzipSync("digraph {\n}\n");
  await storage.store(hour(0).id, Readable.from([bytes]), unfenced(never));
  announcer().expect(hour(0));
  await told(hour(0));
  const [post] = receiver.requests;
  if (post === undefined) throw new Error("expected a POST");
  const { body, headers, method, url } = post;
  expect([method, url.pathname, url.search]).toEqual(["POST", "/services/T/B/secret", "?token=secret"]);
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["x-signature-256"]).toBe(`sha256=${createHmac("sha256", KEY).update(body).digest("hex")}`);
  expect(JSON.parse(body)).toEqual({
    text: "high: &lt;!channel&gt; &amp; co (2019-06-01T00:00:00Z to 2019-06-01T01:00:00Z)",
    window: { start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" },
    finding: finding("a", "<!channel> & co"),
  });
});

describe("of three processes, each of which looks after every window", () => {
  test("one tells of a finding, once, and no other one does so later", async () => {
    await graph(hour(0), ["a", "b"]);
    await graph(hour(1), ["b", "c"]);
    const three = [announcer(), announcer(), announcer()];
    for (const each of three) for (const n of [1, 0]) each.expect(hour(n));
    await told(hour(1));
    const later = announcer();
    for (const n of [0, 1]) later.expect(hour(n));
    await graph(hour(2), ["d"]);
    later.expect(hour(2));
    await told(hour(2));
    expect(posted()).toEqual(["00 a", "00 b", "01 c", "02 d"]);
  });
});

describe("a finding is new", () => {
  test("when no window had it within the day before", async () => {
    const one = announcer();
    const hours = [0, 1, 23, 48];
    for (const n of hours) {
      await graph(hour(n), ["a"]);
      one.expect(hour(n));
      await told(hour(n));
    }
    expect(posted()).toEqual(["00 a", "00 a"]);
    expect(
      receiver.requests.map(({ body }) => Post.parse(JSON.parse(body)).window.start.slice(8, 10)),
    ).toEqual(["01", "03"]);
  });

  test("in windows of a day, when the window before had none", async () => {
    const one = announcer();
    for (const day of [0, 1, 2, 3]) {
      await graph(hour(24 * day, 24), day === 2 ? [] : ["a"]);
      one.expect(hour(24 * day, 24));
      await told(hour(24 * day, 24));
    }
    expect(receiver.requests).toHaveLength(2);
  });

  test("when a graph that is made again has it, and the making before had not", async () => {
    const one = announcer();
    await graph(hour(0), ["a"]);
    one.expect(hour(0));
    await told(hour(0));
    await graph(hour(0), ["a", "late"], "of another size altogether");
    one.expect(hour(0));
    await told(hour(0));
    expect(posted()).toEqual(["00 a", "00 late"]);
  });
});

test("windows that aren't scheduled, or are of a part of the flow logs, are nobody's business", async () => {
  const one = announcer();
  const halfPast = TimeWindow.parse("2019-06-01T00:30:00Z", "2019-06-01T01:30:00Z");
  for (const window of [hour(0, 2), halfPast]) {
    await graph(window, ["x"]);
    one.expect(window);
  }
  await graph(hour(3), ["a"]);
  one.expect(hour(3));
  await told(hour(3));
  expect(posted()).toEqual(["03 a"]);
});

test("a window waits for the one before, as long as its graph is being made", async () => {
  const claims = new Claims(marker, { timeoutMs: 60_000 });
  const claim = await claims.request(hour(0), false, undefined, never);
  await graph(hour(1), ["a"]);
  const one = announcer();
  one.expect(hour(0));
  one.expect(hour(1));
  await graph(hour(0), ["a"]);
  await claim?.release();
  await told(hour(1));
  expect(posted()).toEqual(["00 a"]);
});

test("a window that later ones push out while it is told of takes none of them along", async () => {
  await graph(hour(0), ["a"]);
  await graph(hour(24), ["b"]);
  const one = announcer();
  receiver.faults.push((response) => {
    for (let n = 1; n <= 24; n++) one.expect(hour(n));
    response.end();
  });
  one.expect(hour(0));
  await told(hour(24));
  expect(posted()).toEqual(["00 a", "00 b"]);
});

describe("a receiver", () => {
  test("that fails twice is asked again at once, by the same call", async () => {
    receiver.faults.push(status(500), status(503));
    await graph(hour(0), ["a"]);
    announcer().expect(hour(0));
    await told(hour(0));
    expect(posted()).toEqual(["00 a", "00 a", "00 a"]);
    expect(failures).toEqual([]);
  });

  test.for([
    ["refuses", status(404, "no /services/T/B/secret here")],
    ["sends elsewhere", status(307, "", { location: "http://127.0.0.1:1/" })],
    ["hangs", hang],
  ] as const)("that %s is asked again later, and gets each finding once", async ([, fault]) => {
    await graph(hour(0), ["a", "b"]);
    // The first is taken, the second isn't.
    receiver.faults.push(status(200), fault);
    announcer({ timeoutMs: 300 }).expect(hour(0));
    await told(hour(0));
    expect(posted()).toEqual(["00 a", "00 b", "00 b"]);
    expect(failures).toHaveLength(1);
    expect(String(failures[0])).toContain("POST FINDINGS_WEBHOOK: ");
    expect(failures[0]).toMatchObject({ dependency: "webhook", transient: true });
  });

  test("that isn't there is nothing's end, and its address is in no message", async () => {
    const { url } = receiver;
    await receiver.close();
    await graph(hour(0), ["a"]);
    const one = announcer({ url });
    one.expect(hour(0));
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    await one.stop();
    for (let error = failures[0]; error instanceof Error; error = error.cause) {
      expect(`${error.message} ${error.stack}`).not.toMatch(/secret|services/);
    }
    expect((await storage.entries.get(hour(0), never))?.told).toEqual({ seen: {} });
    receiver = await HttpServer.start((_, response) => void response.end());
  });
});

test("a process that is killed after a POST leaves a finding that is told again, and none that isn't told", async () => {
  await graph(hour(0), ["a", "b"]);
  // Its entry can't be written once the first has been taken.
  receiver.faults.push((response) => {
    storage.entries.put = () => Promise.reject(new Error("killed"));
    response.end();
  });
  const put = storage.entries.put.bind(storage.entries);
  const killed = announcer();
  killed.expect(hour(0));
  await expect.poll(() => failures.length).toBeGreaterThan(0);
  await killed.stop();
  storage.entries.put = put;
  expect(posted()).toEqual(["00 a"]);
  announcer().expect(hour(0));
  await told(hour(0));
  expect(posted()).toEqual(["00 a", "00 a", "00 b"]);
});

test("as long as nothing can be written, nothing is sent", async () => {
  await graph(hour(0), ["a"]);
  const put = storage.entries.put.bind(storage.entries);
  storage.entries.put = () => Promise.reject(new Error("the disk is full"));
  announcer().expect(hour(0));
  await expect.poll(() => failures.length).toBeGreaterThan(1);
  expect(posted()).toEqual([]);
  storage.entries.put = put;
  await told(hour(0));
  expect(posted()).toEqual(["00 a"]);
});
