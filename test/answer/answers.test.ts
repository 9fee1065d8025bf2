import { afterEach, beforeEach, expect, test } from "vitest";
import { type Answer, Answers } from "../../src/answer/answers.js";
import type { OpenGraph } from "../../src/answer/open-graph.js";
import { DependencyError, RetryLaterError } from "../../src/errors.js";
import { TimeWindow } from "../../src/window.js";

const window = TimeWindow.parse("2024-06-01T00:00:00Z", "2024-06-01T01:00:00Z");
const DOT = "digraph {\n}\n";

let answers: Answers;
let closed: number;
beforeEach(async () => {
  closed = 0;
  answers = new Answers(
    { names: [], mutes: undefined, cacheBytes: 0, maxEdges: 10 },
    { info: () => undefined, warn: () => undefined },
  );
  await answers.start();
});
afterEach(() => answers.stop());

function graphOf(chunks: AsyncIterable<Buffer>, version = "1"): OpenGraph {
  return {
    id: window.id,
    version,
    metadata: undefined,
    bytes: { kind: "dot", chunks },
    close: async () => void closed++,
  };
}

async function* never(): AsyncGenerator<Buffer> {
  yield await new Promise<Buffer>(() => undefined);
}

async function* text(...parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from("digraph {\n");
  throw new DependencyError("storage", "the disk is gone");
}

function prepare(graph: OpenGraph, signal = new AbortController().signal): Promise<Answer> {
  return answers.prepare({ kind: "findings", limit: 20 }, { window, graph }, [], undefined, signal);
}

async function read(answer: Answer): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await answer.pieces()) pieces.push(piece);
  await answer.close();
  return JSON.parse(Buffer.concat(pieces).toString());
}

test("whoever hangs up ends the reading of the graph, and others are answered", async () => {
  const caller = new AbortController();
  const waiting = (await prepare(graphOf(never()), caller.signal)).pieces();
  caller.abort(new Error("the caller hung up"));
  await expect(waiting).rejects.toThrow("the caller hung up");
  expect(await read(await prepare(graphOf(text(DOT))))).toMatchObject({ findings: [] });
  expect(closed).toBe(1);
});

test("what keeps a graph from being read is what is thrown", async () => {
  await expect((await prepare(graphOf(broken()))).pieces()).rejects.toThrow("the disk is gone");
  const damaged = (await prepare(graphOf(text("no graph")))).pieces();
  await expect(damaged).rejects.toMatchObject({ dependency: "storage", transient: false });
});

test("there is a bound on answers that are being made", async () => {
  const caller = new AbortController();
  const waiting = await Promise.all(
    Array.from({ length: 64 }, () => prepare(graphOf(never()), caller.signal)),
  );
  const all = waiting.map((answer) => answer.pieces().catch((error: unknown) => error));
  await expect((await prepare(graphOf(text(DOT)))).pieces()).rejects.toThrow(RetryLaterError);
  caller.abort(new Error("gone"));
  expect(new Set((await Promise.all(all)).map(String))).toEqual(new Set(["Error: gone"]));
  expect(await read(await prepare(graphOf(text(DOT))))).toMatchObject({ findings: [] });
});

test("an answer that nobody begins to read takes no room", async () => {
  for (let n = 0; n < 65; n++) {
    const caller = new AbortController();
    await (await prepare(graphOf(text(DOT)), caller.signal)).pieces();
    caller.abort(new Error("gone"));
  }
});

test("nobody waits for an answer of a process that stops", async () => {
  const waiting = (await prepare(graphOf(never()))).pieces();
  waiting.catch(() => undefined);
  await answers.stop();
  await expect(waiting).rejects.toThrow("the process is stopping");
});

test("an answer is the same as long as all that it depends on is", async () => {
  const versions = await Promise.all(
    ["1", "1", "2"].map(async (version) => (await prepare(graphOf(text(DOT), version))).version),
  );
  expect(versions[0]).toBe(versions[1]);
  expect(versions[0]).not.toBe(versions[2]);
});
