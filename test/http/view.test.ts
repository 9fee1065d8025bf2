import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { graphOf, LINE, serve, type Serving } from "./serving.js";
import { unfenced } from "../support/store-options.js";

const DIRECTORY = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
const WHOLE = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z");
const FIRST = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z");
const SECOND = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");

const View = z.looseObject({
  graph: z.looseObject({
    edges: z.number(),
    conversations: z.number(),
    loggedTwice: z.number(),
    unknown: z.array(z.string()),
  }),
  nodes: z.array(z.looseObject({ id: z.string(), label: z.string() })),
  links: z.array(z.looseObject({ from: z.string(), to: z.string(), finding: z.string().optional() })),
  notes: z.array(z.string()),
});
const Findings = z.looseObject({
  before: z.array(z.unknown()),
  findings: z.array(z.looseObject({ rule: z.string(), title: z.string() })),
  muted: z.number(),
});

/** The service on the sample flow logs, with the graphs of these windows made. */
async function serveSample(
  windows: readonly TimeWindow[],
  env: Record<string, string> = {},
  atEnd?: (end: () => Promise<void>) => void,
): Promise<Serving> {
  const serving = await serve({ DIGESTER_ENDPOINT: `file:${DIRECTORY}`, ...env }, {}, {}, atEnd);
  for (const window of windows) {
    await serving.call("POST", graphOf(window));
    await eventually(async () => expect((await serving.call("HEAD", graphOf(window))).status).toBe(200));
  }
  return serving;
}

async function viewOf(serving: Serving, query: Record<string, string>, window = WHOLE) {
  const answer = await serving.call("GET", `${graphOf(window)}&${new URLSearchParams(query).toString()}`);
  return View.parse(JSON.parse(answer.body.toString()));
}

async function findingsOf(serving: Serving, query: Record<string, string> = {}, window = WHOLE) {
  const path = `${graphOf(window, "/graph/findings")}&${new URLSearchParams(query).toString()}`;
  return Findings.parse(JSON.parse((await serving.call("GET", path)).body.toString()));
}

describe("a view of the sample", () => {
  test("counts what several interfaces logged once, and names what the graph can't tell", async () => {
    const serving = await serveSample([WHOLE]);
    const { graph, links } = await viewOf(serving, { format: "json" });
    expect(graph).toMatchObject({ edges: 290, conversations: 161, loggedTwice: 28, incomplete: true });
    expect(graph.unknown).toContain("vpc_id");
    expect(graph.unknown).not.toContain("first");
    expect(links).toHaveLength(161);
  });

  test("is computed of the DOT where there is nothing else, which tells less", async () => {
    const serving = await serveSample([WHOLE], { GRAPH_EDGES: "none" });
    const { graph } = await viewOf(serving, { format: "json" });
    expect(graph).toMatchObject({ edges: 290, conversations: 161 });
    expect(graph.unknown).toContain("first");
    expect(graph["incomplete"]).toBeUndefined();
  });

  test("is compared with another window", async () => {
    const serving = await serveSample([FIRST, SECOND]);
    const against = `${FIRST.start}/${FIRST.stop}`;
    const { links } = await viewOf(serving, { where: "is:new port:4444", against }, SECOND);
    expect(links).toMatchObject([{ from: "10.20.20.22", to: "198.51.100.77" }]);
    const found = await findingsOf(serving, { baseline: "7" }, SECOND);
    expect(found.before).toEqual([{ start: FIRST.start, stop: FIRST.stop }]);
    const missing = await serving.call("GET", `${graphOf(SECOND)}&against=${WHOLE.start}/${WHOLE.stop}`);
    expect(missing.status).toBe(404);
    expect(missing.message).toContain("against: the graph from 2024-06-01T23:00:00Z");
  });

  test("names hosts as files do, which may change", async () => {
    const dir = await temporaryDir();
    onTestFinished(() => dir.remove());
    const file = join(dir.path, "names.csv");
    await writeFile(file, "10.20.0.51/32,bastion\n");
    const serving = await serveSample([WHOLE], { NAMES: file });
    const labels = async () => (await viewOf(serving, { format: "json" })).nodes.map(({ label }) => label);
    expect(await labels()).toContain("bastion");
    await writeFile(file, "10.20.0.51/32,jump host\n");
    await expect.poll(labels).toContain("jump host");
  });
});

describe("one graph", () => {
  let serving: Serving;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    serving = await serveSample([WHOLE], {}, (end) => void ends.push(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  const get = (query: string, headers: Record<string, string> = {}) =>
    serving.call("GET", `${graphOf(WHOLE)}&${query}`, { headers });

  test.each([
    ["format=xml", 406, "json, csv, svg, dot, parquet"],
    [
      "grup=auto",
      400,
      'unknown parameter "grup": expected some of start, stop, account, region, vpc, format, where',
    ],
    ["group=auto&group=host", 400, "group must be given once"],
    ["group=rack", 400, "group must be auto, host, name"],
    ["hops=2", 400, "hops needs around"],
    ["around=10.20.0.51&hops=3", 400, "hops must be one of 1, 2"],
    ["around=300.1.1.1", 400, "around must be an address, a CIDR"],
    ["by=bytes", 400, "by needs top"],
    ["open=10.20.10.0/24", 400, "open needs groups"],
    ["group=auto&open=10.20.10.0/24 x", 400, "open must be ids of nodes separated by commas"],
    ["offset=200", 400, "offset needs top"],
    ["top=200&offset=-1", 400, "offset must be a whole number"],
    ["format=csv&layout=map", 400, "layout needs format=json"],
    ["top=0", 400, "top must be a whole number from 1"],
    ["edges=rows", 400, "edges must be one of conversations, flows"],
    ["where=colour:red", 400, "where: expected one of host:, from:"],
    ["where=is:new", 400, "against="],
    ["against=yesterday", 400, "against must be start/stop"],
    ["against=2024-06-01T23:00:00Z/2024-06-01T23:00:00Z", 400, "against: start must be at least a minute"],
  ])("%s is %d and says what would do", async (query, status, message) => {
    const answer = await get(query);
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(message);
  });

  test("what is accepted says what comes; without any parameter it is the stored graph to most", async () => {
    const typeOf = async (query: string, accept?: string) => {
      const answer = await get(query, accept === undefined ? {} : { accept });
      return String(answer.headers["content-type"] ?? answer.status).split(";")[0];
    };
    const dot = "text/vnd.graphviz";
    expect(await typeOf("")).toBe(dot);
    expect(await typeOf("", "*/*")).toBe(dot);
    expect(await typeOf("", "image/png")).toBe(dot);
    expect(await typeOf("", "application/json")).toBe("application/json");
    expect(await typeOf("", "text/csv, application/json;q=0.5")).toBe("text/csv");
    expect(await typeOf("top=5")).toBe("application/json");
    expect(await typeOf("top=5", "*/*")).toBe("application/json");
    expect(await typeOf("format=dot")).toBe(dot);
    expect((await get("top=5", { accept: "image/png" })).status).toBe(406);
    const stored = (await get("format=dot")).body.toString();
    expect(stored).toBe((await get("")).body.toString());
    expect(stored).not.toBe((await get("format=dot&top=5")).body.toString());
  });

  test("whoever has a view doesn't get it again, in either form", async () => {
    const first = await get("format=csv&top=5");
    const etag = String(first.headers["etag"]);
    expect(await get("format=csv&top=5", { "if-none-match": etag })).toMatchObject({ status: 304 });
    expect(await get("format=csv&top=6", { "if-none-match": etag })).toMatchObject({ status: 200 });
    const zipped = await get("format=csv&top=5", { "accept-encoding": "gzip" });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(zipped.body)).toEqual(first.body);
    expect(zipped.headers["etag"]).not.toBe(etag);
    expect(zipped.headers["vary"]).toContain("Accept-Encoding");
    const head = await serving.call("HEAD", `${graphOf(WHOLE)}&format=csv&top=5`);
    expect(head.headers).toMatchObject({ etag, "content-type": first.headers["content-type"] });
  });

  test("its map is a picture, and places in JSON", async () => {
    const picture = await get("format=svg");
    expect(picture.headers["content-type"]).toContain("image/svg+xml");
    expect(picture.body.toString()).toMatch(/^<svg[^]*ssh[^]*4444[^]*<\/svg>\s*$/);
    const { map, graph } = z
      .looseObject({
        map: z.looseObject({ boxes: z.array(z.unknown()), lines: z.array(z.unknown()) }),
        graph: z.unknown(),
      })
      .parse(JSON.parse((await get("layout=map")).body.toString()));
    expect(graph).toMatchObject({ conversations: 161 });
    expect([map.boxes.length, map.lines.length].every((count) => count > 5)).toBe(true);
  });

  test("its findings are the four that happened, in that order; some may be muted", async () => {
    const { findings } = await findingsOf(serving);
    expect(findings.map(({ rule }) => rule)).toEqual(["port-scan", "let-in", "reached-from", "exfiltration"]);
    expect((await findingsOf(serving, { limit: "1" })).findings).toHaveLength(1);
    const both = await serving.call("GET", `${graphOf(WHOLE, "/graph/findings")}&baseline=1&against=a/b`);
    expect(both.message).toBe("give against or baseline, not both");
  });

  test("all of many questions at once are answered", async () => {
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, n) => get(`format=csv&top=${n + 1}`, { "accept-encoding": "gzip" })),
    );
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

test("findings that a file mutes are left out and counted, as the file says now", async () => {
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  const file = join(dir.path, "mutes.csv");
  await writeFile(file, "port-scan,*,*\n");
  const serving = await serveSample([WHOLE], { FINDINGS_MUTE: file });
  const rules = async () => (await findingsOf(serving)).findings.map(({ rule }) => rule);
  expect(await rules()).not.toContain("port-scan");
  expect((await findingsOf(serving)).muted).toBe(1);
  await writeFile(file, "no-such-rule,*,*\n");
  expect(await rules()).not.toContain("port-scan");
  await writeFile(file, "# nothing\n");
  expect(await rules()).toContain("port-scan");
});

test("a graph that is too large is refused, with what would do; from its Parquet and its DOT", async () => {
  for (const GRAPH_EDGES of ["parquet", "none"]) {
    const serving = await serveSample([WHOLE], { VIEW_MAX_EDGES: "289", GRAPH_EDGES });
    const answer = await serving.call("GET", `${graphOf(WHOLE)}&format=json`);
    expect(answer.status).toBe(422);
    expect(answer.message).toMatch(/at most 289 .*VIEW_MAX_EDGES.*shorter window/);
  }
});

test("a picture that nobody could read is refused, with what would do", async () => {
  const serving = await serve();
  const lines = Array.from({ length: 100 }, (_, n) => LINE.replace("10.0.0.1", `10.0.1.${n}`));
  serving.digesterd.body = lines.join("");
  await serving.call("POST", graphOf(WHOLE));
  await expect.poll(async () => (await serving.call("HEAD", graphOf(WHOLE))).status).toBe(200);
  const answer = await serving.call("GET", `${graphOf(WHOLE)}&format=svg&group=host`);
  expect(answer.status).toBe(422);
  expect(answer.message).toContain("try group=auto");
  expect(await serving.call("GET", `${graphOf(WHOLE)}&format=svg`)).toMatchObject({ status: 200 });
});

test("a graph that is damaged is a failure of the storage, and others are answered", async () => {
  const serving = await serveSample([WHOLE]);
  const body = Readable.from([gzipSync("digraph {\nno edge\n}\n")]);
  await serving.storage.store(FIRST.id, body, unfenced(new AbortController().signal));
  const answer = await serving.call("GET", `${graphOf(FIRST)}&format=json`);
  expect(answer.status).toBe(500);
  expect((await viewOf(serving, { format: "json" })).links).toHaveLength(161);
});

test("a graph that isn't there is missing as ever, being made or never asked for", async () => {
  const serving = await serve({ FLOW_LOG_SETTLE: "1h" });
  expect((await serving.call("GET", `${graphOf(WHOLE)}&top=5`)).status).toBe(404);
  expect((await serving.call("GET", graphOf(WHOLE, "/graph/findings"))).status).toBe(404);
});
