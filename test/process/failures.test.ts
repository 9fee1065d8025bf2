import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TimeWindow } from "../../src/window.js";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import type { Digesterd } from "../support/digesterd.js";
import { eventually } from "../support/eventually.js";
import { cut, hang, reset, status, type Fault } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";
import type { Fault as S3Fault } from "../support/s3/faults.js";
import type { S3Request } from "../support/s3/request.js";
import type { ServiceProcess } from "../support/service-process.js";

/** As many jobs meet each failure, all at once. */
const JOBS = 3;
const HOUR_MS = 3_600_000;
/** Tests wait until they expire, and the others must come before: short, but not for a busy machine. */
const TIMEOUT_MS = 8000;
const POLLING_TIMEOUT_MS = 4000;
/** Connections come and go. A handle that each failing job leaves open outgrows this with the second case. */
const SPARE_DESCRIPTORS = 5;
/** The engine gives memory back when it likes; a leak would outgrow this with the twenty cases. */
const SPARE_BYTES = 200 * 1024 * 1024;

let deployment: Deployment;
let service: ServiceProcess;
let before: { descriptors: number; rss: number };
let sendDigest: Digesterd["send"];
let taken = 0;

/** Hours that no test has asked for yet. */
function newWindows(): TimeWindow[] {
  const first = taken;
  taken += JOBS;
  return Array.from({ length: JOBS }, (_, n) => nthHour(first + n));
}

function heal(): void {
  deployment.s3.faults.clear();
  deployment.digesterd.server.down = undefined;
  deployment.digesterd.server.faults.length = 0;
  deployment.digesterd.send = sendDigest;
}

/** The status of GET, and the message of an error. Whatever graph is served must be whole. */
async function look(window: TimeWindow): Promise<{ status: number; message: string }> {
  const answer = await service.get(window);
  const body = await answer.text();
  if (answer.status === 200) expect(body).toBe(await dotOf(digestOf(window.start)));
  return { status: answer.status, message: answer.status < 400 ? "" : body };
}

async function lookAtAll(windows: readonly TimeWindow[]): Promise<{ status: number; message: string }[]> {
  return Promise.all(windows.map(look));
}

async function isMade(window: TimeWindow): Promise<void> {
  const { status } = await look(window);
  if (status === 404) await service.post(window);
  expect(status).toBe(200);
}

/** Asks until it is there, as a caller does: again when the job failed, since a busy machine's digester may be too slow. */
async function areMade(windows: readonly TimeWindow[]): Promise<void> {
  await Promise.all(windows.map((window) => eventually(() => isMade(window), 250)));
  const claims = new Set(windows.map(({ id }) => `${id}_in_progress`));
  const held = () => deployment.claims().filter((key) => claims.has(key));
  await eventually(() => expect(held()).toEqual([]));
}

beforeAll(async () => {
  deployment = await Deployment.start();
  sendDigest = deployment.digesterd.send;
  service = await deployment.process(
    {
      GRAPH_PROGRESS_TIMEOUT: String(TIMEOUT_MS),
      DIGESTER_POLLING_TIMEOUT: String(POLLING_TIMEOUT_MS),
      WORKER_CONCURRENCY: String(JOBS),
      WORKER_RETRIES: "1",
      CLOCK_JUMPS_MS: [HOUR_MS, -2 * HOUR_MS].join(","),
    },
    ["--import", new URL("../support/shifted-clock.mjs", import.meta.url).href],
  );
  for (let round = 0; round < 3; round += 1) await areMade(newWindows());
  before = await service.resources();
});

afterEach(async () => {
  heal();
  expect(deployment.s3.bucket("graphs").uploads.size).toBe(0);
  const descriptors = async () => (await service.resources()).descriptors;
  await expect.poll(descriptors).toBeLessThanOrEqual(before.descriptors + SPARE_DESCRIPTORS);
  expect((await service.resources()).rss).toBeLessThan(before.rss + SPARE_BYTES);
});

afterAll(async () => {
  await service.stop();
  await deployment.end();
});

const slowDown = { kind: "error", status: 503, code: "SlowDown" } as const;
const denied = { kind: "error", status: 403, code: "AccessDenied" } as const;
const broken = { kind: "reset" } as const;

function writesTo(bucket: string) {
  return (request: S3Request) => request.bucket === bucket && request.operation === "PutObject";
}

const storage = (fault: S3Fault) => () => {
  deployment.s3.faults.add({ fault, when: writesTo("graphs") });
};

const digester = (fault: Fault) => () => {
  deployment.digesterd.server.down = fault;
};

const digest = (fault: Fault) => () => {
  deployment.digesterd.send = (_url, response) => fault(response);
};

describe("jobs fail, with a reason in the log and for callers, and can be asked for again", () => {
  const gzip = gzipSync(digestOf("gzip", 1000));
  const wrongSum = Buffer.from(gzip);
  wrongSum.writeUInt32LE(0, gzip.length - 8);

  test.for<[name: string, inject: () => void, dependency: string, reason: RegExp, told: RegExp]>([
    [
      "S3 slows storage down",
      storage(slowDown),
      "storage",
      /SlowDown/,
      /the storage failed; ask again later/,
    ],
    ["S3 resets connections", storage(broken), "storage", /ECONNRESET|socket hang up/, /the storage failed/],
    [
      "S3 denies storage",
      storage(denied),
      "storage",
      /denied it \(403 AccessDenied\)/,
      /no access to the storage/,
    ],
    [
      "the digester answers 500",
      digester(status(500, "out of order")),
      "digester",
      /500.*out of order/,
      /the digester failed/,
    ],
    [
      "the digester resets connections",
      digester(reset),
      "digester",
      /ECONNRESET|other side closed/,
      /the digester failed/,
    ],
    [
      "the digester hangs",
      digester(hang),
      "digester",
      new RegExp(`the digest .* within ${POLLING_TIMEOUT_MS} ms`),
      /the digester did not answer in time/,
    ],
    [
      "a digest with a length breaks off",
      digest(cut(Buffer.from(digestOf("cut")), "length")),
      "digester",
      /broke off/,
      /the digester failed/,
    ],
    [
      "a chunked digest breaks off",
      digest(cut(Buffer.from(digestOf("cut")), "chunked")),
      "digester",
      /broke off/,
      /the digester failed/,
    ],
    [
      "a digest's gzip has a wrong checksum",
      digest(status(200, wrongSum)),
      "grapher",
      /gzip/,
      /its flow logs are malformed or incomplete/,
    ],
    [
      "a digest's gzip is cut",
      digest(status(200, gzip.subarray(0, gzip.length / 2))),
      "grapher",
      /gzip/,
      /its flow logs are malformed or incomplete/,
    ],
    [
      "a digest isn't one",
      digest(status(200, "<html>503</html>\n")),
      "grapher",
      /line 1/,
      /its flow logs are malformed or incomplete/,
    ],
  ])("%s", async ([, inject, dependency, reason, told]) => {
    const windows = newWindows();
    inject();
    for (const window of windows) expect((await service.post(window)).status).toBe(202);
    const statuses = async () => (await lookAtAll(windows)).map(({ status }) => status);
    await expect.poll(statuses, { interval: 200 }).toEqual(windows.map(() => 404));
    for (const { message } of await lookAtAll(windows)) expect(message).toMatch(told);
    for (const window of windows) {
      const failures = service.events.filter(
        (event) => event["graphId"] === window.id && event["final"] === true,
      );
      expect(failures).toMatchObject([
        { level: "error", dependency, reason: expect.stringMatching(reason) as unknown },
      ]);
      expect(deployment.stored(window)).toBeUndefined();
    }
    heal();
    await areMade(windows);
  });
});

test("the digester answers 500 three times, then works", async () => {
  const windows = newWindows();
  deployment.digesterd.server.faults.push(status(500), status(500), status(500));
  await areMade(windows);
  const [window = nthHour(0)] = windows;
  expect(service.logged("dependency-failure", { graphId: window.id })).toEqual([]);
});

describe("requests fail while S3 does, and leave nothing behind", () => {
  test.for<[name: string, bucket: string, fault: S3Fault, code: number, reason: RegExp]>([
    ["the marker is slowed down", "claims", slowDown, 500, /SlowDown/],
    ["the marker's connections break", "claims", broken, 500, /ECONNRESET|socket hang up/],
    ["the marker is denied", "claims", denied, 500, /denied it \(403 AccessDenied\)/],
    ["storage is slowed down", "graphs", slowDown, 500, /SlowDown/],
    ["storage is denied", "graphs", denied, 500, /denied it \(403 AccessDenied\)/],
    ["the marker hangs", "claims", { kind: "hang" }, 500, /no answer (in time|within \d+ ms)/],
    ["storage hangs", "graphs", { kind: "hang" }, 500, /no answer (in time|within \d+ ms)/],
  ])("%s", async ([, bucket, fault, code, reason]) => {
    const windows = newWindows();
    const since = service.events.length;
    deployment.s3.faults.add({ fault, when: (request) => request.bucket === bucket });
    const answers = await Promise.all(windows.map((window) => service.post(window)));
    expect(answers.map((answer) => answer.status)).toEqual(windows.map(() => code));
    const failed = () =>
      service.events
        .slice(since)
        .filter((event) => event.message === "dependency-failure" && event["reqId"] !== undefined);
    // An answer may be here before its line.
    await expect.poll(() => failed().length).toBeGreaterThanOrEqual(JOBS);
    const dependency = bucket === "claims" ? "marker" : "storage";
    for (const failure of failed()) {
      expect(failure).toMatchObject({ dependency });
      expect(failure["reason"]).toMatch(reason);
    }
    heal();
    expect((await lookAtAll(windows)).map((found) => found.status)).toEqual(windows.map(() => 404));
    await areMade(windows);
  });
});

describe("the clock jumps while jobs run, and the jobs go on", () => {
  // The store refuses signatures that are a quarter of an hour off, as S3 does.
  test.for([
    ["an hour ahead", HOUR_MS],
    ["to an hour behind", -HOUR_MS],
  ] as const)("%s", async ([, offMs]) => {
    const windows = newWindows();
    const held: (() => void)[] = [];
    // A digest that comes slowly may take its time.
    deployment.digesterd.send = (url, response) => {
      response.writeHead(200).flushHeaders();
      held.push(() => response.end(digestOf(url.searchParams.get("start") ?? "")));
    };
    for (const window of windows) expect((await service.post(window)).status).toBe(202);
    await expect.poll(() => held.length).toBe(JOBS);
    service.signal("SIGUSR2");
    // It has jumped when what is logged says so.
    const offBy = async () => {
      await service.fetch("/graph?start=nonsense");
      return Date.parse(service.events.at(-1)?.time ?? "") - Date.now();
    };
    await expect.poll(async () => Math.abs((await offBy()) - offMs)).toBeLessThan(60_000);
    const renewals = () => deployment.s3.log.filter(writesTo("claims")).length;
    const before = renewals();
    await expect.poll(() => renewals() - before).toBeGreaterThanOrEqual(2 * JOBS);
    deployment.digesterd.send = sendDigest;
    // A request that is refused for its time tells the storage's client by how much it is off: no storing is to be refused.
    for (const window of windows) {
      await eventually(async () => expect((await look(window)).status).toBe(204));
    }
    for (const send of held) send();
    for (const window of windows) {
      await eventually(async () => expect((await look(window)).status).toBe(200));
      expect(deployment.storings(window)).toBe(1);
      expect(service.logged("job-started", { graphId: window.id })).toHaveLength(1);
    }
    await areMade(newWindows());
  });
});

describe("the marker's bucket vanishes", () => {
  test("between claim and release: no graph without a claim, and the job can be asked for again", async () => {
    const windows = newWindows();
    const open: (() => void)[] = [];
    deployment.digesterd.send = (url, response) => {
      open.push(() => sendDigest(url, response));
    };
    for (const window of windows) expect((await service.post(window)).status).toBe(202);
    await expect.poll(() => open.length).toBe(JOBS);
    const bucket = deployment.s3.bucket("claims");
    deployment.s3.buckets.delete("claims");
    for (const send of open) send();
    for (const { id } of windows) {
      const { reason } = await service.event("dependency-failure", { graphId: id, dependency: "marker" });
      expect(reason).toMatch(/there is no bucket claims/);
    }
    for (const window of windows) expect(deployment.stored(window)).toBeUndefined();
    expect((await lookAtAll(windows)).map(({ status }) => status)).toEqual(windows.map(() => 500));
    for (const key of bucket.keys()) bucket.delete(key);
    deployment.s3.buckets.set("claims", bucket);
    deployment.digesterd.send = sendDigest;
    await areMade(windows);
  });

  test("between storing and release: the graphs are there", async () => {
    const windows = newWindows();
    const bucket = deployment.s3.bucket("claims");
    let stored = 0;
    deployment.s3.faults.add({
      fault: { kind: "error", status: 404, code: "NoSuchBucket" },
      when: (request) => {
        if (writesTo("graphs")(request) && request.key.endsWith(".dot")) stored += 1;
        return request.bucket === "claims" && stored >= JOBS;
      },
    });
    for (const window of windows) expect((await service.post(window)).status).toBe(202);
    await expect.poll(() => windows.filter((window) => deployment.stored(window) === undefined)).toEqual([]);
    await expect.poll(() => service.logged("job-finished").length).toBeGreaterThanOrEqual(JOBS);
    expect((await lookAtAll(windows)).map(({ status }) => status)).toEqual(windows.map(() => 200));
    heal();
    // Claims that could not be released lapse, and whoever takes the jobs up finds the graphs.
    // One that the bucket vanished from just before its deletion counts as removed: there is a tombstone in its place.
    const isClaim = (key: string) => {
      const { content } = bucket.get(key) ?? {};
      return !(Buffer.isBuffer(content) && content.toString().startsWith('{"removed":'));
    };
    await expect.poll(() => bucket.keys().filter(isClaim)).toEqual([]);
    for (const window of windows) expect(deployment.storings(window)).toBe(1);
  });
});
