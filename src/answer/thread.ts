import { parentPort } from "node:worker_threads";
import { answerQuestion } from "./answer-question.js";
import { MapTooLargeError } from "../view/map/graph-map.js";
import { answerThrough, Asker, ChannelClosedError } from "./channel.js";
import type { Piece, RemoteGraph, Task } from "./question.js";
import type { GraphBytes } from "./read-graph.js";
import { RefusedError } from "./refused-error.js";
import { DamagedGraphError, type Table, Tables } from "./tables.js";

/** The thread that answers questions about graphs. It knows nothing of where graphs are kept: it asks for their bytes. */

const tables = new Tables();

parentPort?.on("message", (task: Task) => {
  const gone = new AbortController();
  task.answer.on("close", () => gone.abort(new ChannelClosedError()));
  const pieces = answer(task, gone.signal);
  answerThrough<undefined, Piece>(
    task.answer,
    async () => {
      const { value = { ends: true } } = await pieces.next();
      return value;
    },
    () => undefined,
  );
});

async function* answer(task: Task, signal: AbortSignal): AsyncGenerator<Piece, undefined> {
  try {
    const [table, ...before] = await tablesOf(task, signal);
    if (table === undefined) throw new Error("expected a graph to answer from");
    const { pieces, found } = answerQuestion(task, table, before);
    // An answer that can't be given fails before its first piece.
    let first = true;
    for await (const bytes of pieces) {
      if (first) yield { begins: true, found };
      first = false;
      yield { bytes };
    }
    if (first) yield { begins: true, found };
  } catch (error) {
    yield failureOf(error);
  }
  return undefined;
}

async function tablesOf(task: Task, signal: AbortSignal): Promise<Table[]> {
  const { question, graph, before, maxEdges, cacheBytes } = task;
  const all: Table[] = [];
  for (const each of [graph, ...before]) {
    const rows = question.kind === "view" && each === graph ? question.rows : "conversations";
    const bytes = bytesThrough(each);
    all.push(await tables.get({ key: each.key, rows, maxEdges, bytes }, cacheBytes, signal));
  }
  return all;
}

function bytesThrough({ port, size }: RemoteGraph): GraphBytes {
  if (size === undefined) return { kind: "dot", chunks: chunksThrough(new Asker(port)) };
  const asker = new Asker<readonly [number, number], Uint8Array>(port);
  return { kind: "parquet", source: { size, read: (start, end) => asker.ask([start, end]) } };
}

/** One chunk comes while the one before it is read. */
async function* chunksThrough(asker: Asker<undefined, Uint8Array | undefined>): AsyncGenerator<Buffer> {
  for (let next = asker.ask(undefined); ;) {
    const chunk = await next;
    if (chunk === undefined) return;
    next = asker.ask(undefined);
    // Whoever reads on meets its failure; who doesn't, needs no chunk.
    next.catch(() => undefined);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

function failureOf(error: unknown): Piece {
  if (error instanceof MapTooLargeError) return { refused: { why: "too large", message: error.message } };
  if (error instanceof RefusedError) return { refused: { why: error.why, message: error.message } };
  if (error instanceof DamagedGraphError) return { damaged: { key: error.key, message: error.message } };
  if (error instanceof ChannelClosedError) return { unread: true };
  return { defect: error instanceof Error ? error : new Error(String(error)) };
}
