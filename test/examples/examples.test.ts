/** The examples of docs/library.md are these files, and do what it says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { Evidence } from "../../src/finding/evidence.js";
import { MemoryMarker, Service, TimeWindow } from "../../src/index.js";
import { converse } from "../../src/view/converse.js";
import { NO_NAMES } from "../../src/view/hosts.js";
import { viewOf } from "../../src/view/view.js";
import { graphStorageContract } from "../contract/storage.js";
import { batchesOf } from "../edges/rows.js";
import { edge } from "../view/graphs.js";
import { ConnectionsDigester } from "./connections-digester.js";
import { irc } from "./irc.js";
import { MapStorage } from "./map-storage.js";
import { markdown } from "./markdown.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const library = readFileSync(join(here, "../../docs/library.md"), "utf8");
const window = TimeWindow.parse("2024-06-01T00:00:00Z", "2024-06-01T01:00:00Z");

test.for(readdirSync(here).filter((name) => !name.endsWith(".test.ts")))(
  "%s is what docs/library.md shows",
  (name) => {
    // As it would stand in a program of the reader's, or beside what it uses.
    const text = readFileSync(join(here, name), "utf8")
      .replaceAll("../../src/index.js", "vpcflow-grapherd")
      .replaceAll("../../src/view/view.js", "../view.js")
      .replaceAll("../../src/view/format/", "./")
      .replaceAll("../../src/finding/", "../");
    expect(library).toContain(`\`\`\`ts\n${text}\`\`\`\n`);
  },
);

graphStorageContract("the Storage of the documentation", async () => ({
  storage: new MapStorage(),
  leftovers: async () => [],
  close: async () => {},
}));

test("a service with this Storage and this Digester makes a graph", async () => {
  const storage = new MapStorage();
  const connection = { client: "10.0.0.1", server: "10.0.0.2", port: 443, packets: 2, bytes: 80 };
  const digester = new ConnectionsDigester(async () => [
    { ...connection, end: window.startDate },
    { ...connection, end: new Date(window.startDate.getTime() + 60_000) },
  ]);
  const queuer = { queue: async () => {} };
  const service = new Service({ storage, digester, marker: new MemoryMarker(), queuer }, {});
  await service.start();
  onTestFinished(() => service.stop());
  expect(await service.deliver({ id: window.id, start: window.start, stop: window.stop })).toEqual({
    fate: "done",
  });
  const graph = await storage.get(window.id, new AbortController().signal);
  const dot = gunzipSync(await buffer(Readable.from(graph?.body ?? []))).toString();
  expect(dot).toContain('"10.0.0.1" -> "10.0.0.2"');
  expect(dot).toContain('govpc_dstPort="443"');
  expect(dot).toContain('govpc_bytes="160"');
});

const conversations = await converse(
  batchesOf(
    [
      edge("10.0.0.1 > 203.0.113.9:6667", { packets: 9n, bytes: 4000n }),
      edge("203.0.113.9:6667 > 10.0.0.1", { packets: 9n, bytes: 9000n }),
    ],
    10,
  ),
);

test("the format writes a view", async () => {
  const view = viewOf(
    { window, graph: conversations, names: NO_NAMES, incomplete: false },
    {
      where: [],
      whereText: "",
      grouping: { by: "host" },
      around: undefined,
      hops: 1,
      top: undefined,
      by: "bytes",
    },
  );
  expect((await buffer(Readable.from(markdown.write(view)))).toString()).toBe(
    "| from_label | to_label | services | client_bytes | server_bytes |\n| --- | --- | --- | --- | --- |\n| 10.0.0.1 | 203.0.113.9 | 6667/tcp | 4000 | 9000 |\n",
  );
});

test("the rule finds what it looks for", () => {
  const found = irc.find(new Evidence(conversations, { window }), { found: new Map(), before: undefined });
  expect(found.map(({ title }) => title())).toEqual([
    "10.0.0.1 talked to 203.0.113.9 on the Internet on port 6667, which IRC uses: 13 kB both ways",
  ]);
});
