import { connect } from "node:net";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { StoredGraph } from "../../src/storage/storage.js";
import type { GraphId } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { gate } from "../support/gate.js";
import { graphOf, serve } from "./serving.js";

const window = nthHour(0);
const bytes = gzipSync("digraph {\n\t// all of it\n}\n", { level: 0 });
const info = { encoding: "gzip", size: bytes.length, modified: new Date(), version: "v" } as const;

/** A store that counts its looks, and tells how each is asked for. */
class Watched extends MemoryStorage {
  readonly signals: AbortSignal[] = [];
  look: (id: GraphId, signal: AbortSignal) => Promise<StoredGraph | undefined> = (id, signal) =>
    super.get(id, signal);

  override async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    this.signals.push(signal);
    return this.look(id, signal);
  }
}

/** Requests that come in one turn of the event loop: in one piece, over one connection. */
async function together(url: string, count: number, path = graphOf(window)): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n`;
  socket.end(`${request}\r\n`.repeat(count - 1) + `${request}Connection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket.setEncoding("latin1")) text += String(chunk);
  return text;
}

const statuses = (text: string) => text.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(-3));

test("requests for one graph that come in one turn of the event loop are one look", async () => {
  const storage = new Watched();
  const { url } = await serve({}, { storage });
  storage.look = async () => ({ ...info, body: bytes });
  expect(statuses(await together(url, 5))).toEqual(Array.from({ length: 5 }, () => "200"));
  expect(storage.signals).toHaveLength(1);
});

test("a graph that isn't there is looked for once for all of them, and so is its claim", async () => {
  const storage = new Watched();
  let claims = 0;
  class CountingMarker extends MemoryMarker {
    override async read(...asked: Parameters<MemoryMarker["read"]>) {
      claims++;
      return super.read(...asked);
    }
  }
  const { url } = await serve({}, { storage, marker: new CountingMarker() });
  const before = claims;
  expect(statuses(await together(url, 5))).toEqual(Array.from({ length: 5 }, () => "404"));
  expect(claims - before).toBe(1);
});

test("each gets a stream of its own", async () => {
  const storage = new Watched();
  storage.look = async () => ({
    ...info,
    body: Readable.from([bytes.subarray(0, 15), bytes.subarray(15)]),
  });
  const { url } = await serve({}, { storage });
  const text = await together(url, 3);
  expect(text.split("// all of it")).toHaveLength(4);
});

test("a look that has begun isn't shared with who comes later", async () => {
  const storage = new Watched();
  const { call } = await serve({}, { storage });
  const looking = gate();
  storage.look = async () => {
    await looking.opened;
    return undefined;
  };
  const first = call("GET", graphOf(window));
  await expect.poll(() => storage.signals.length).toBe(1);
  const second = call("GET", graphOf(window));
  await expect.poll(() => storage.signals.length).toBe(2);
  looking.open();
  expect([(await first).status, (await second).status]).toEqual([404, 404]);
});

test("a look goes on until the last who waits for it has hung up", async () => {
  const storage = new Watched();
  storage.look = (_id, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  const { url } = await serve({}, { storage });
  const sockets = [0, 1].map(() => connect(Number(new URL(url).port), "127.0.0.1"));
  for (const socket of sockets) socket.write(`GET ${graphOf(window)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await expect.poll(() => storage.signals.length).toBeGreaterThan(0);
  for (const socket of sockets) socket.destroy();
  await eventually(() => expect(storage.signals.every(({ aborted }) => aborted)).toBe(true));
});
