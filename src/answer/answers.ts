import { createHash } from "node:crypto";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { builtFile } from "../built-file.js";
import { RetryLaterError } from "../errors.js";
import { NameFiles, type NameLog } from "../name/name-files.js";
import { Asker, ChannelClosedError } from "./channel.js";
import { MuteFile } from "./mute-file.js";
import type { Piece, Question, RemoteGraph, SeverityCounts, Task } from "./question.js";
import { keyOf, Reading, type Subject } from "./reading.js";
import { RefusedError } from "./refused-error.js";
import type { AnswerOptions } from "./settings.js";

/** Answers that are waited for or being read, which hold what they are made of. */
const MAX_OPEN = 64;
const BUSY_RETRY_MS = 1000;

/** Columns that are done with are freed when the young generation is collected: the smaller it is, the sooner. It is smaller than Node's own, which costs no time. */
const YOUNG_GENERATION_MB = 6;

/** Never rejects. */
export type OnFound = (findings: SeverityCounts) => Promise<void>;

/** What answers a question, not computed yet. Either `pieces` is read or `close` called, or both. */
export interface Answer {
  /** The same for the same answer: whoever has one of this version needn't have it computed. */
  readonly version: string;
  /**
   * Resolves when the answer begins: from there on nothing but the reading of it may fail.
   *
   * @throws RefusedError, DependencyError, RetryLaterError when there are too many
   */
  pieces(): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/**
 * Answers questions about stored graphs, in a thread of its own that keeps in memory what was asked about lately: so
 * nothing else waits for them. It starts with the first question, and anew after a failure.
 */
export class Answers {
  readonly #options: AnswerOptions;
  readonly #names: NameFiles;
  readonly #mutes: MuteFile;
  readonly #log: NameLog;
  #thread: Worker | undefined;
  #open = 0;
  readonly #stopped = new AbortController();

  constructor(options: AnswerOptions, log: NameLog) {
    this.#options = options;
    this.#log = log;
    this.#names = new NameFiles(options.names, log);
    this.#mutes = new MuteFile(options.mutes, log);
  }

  async start(): Promise<void> {
    await this.#names.start();
  }

  /** Whoever still reads an answer doesn't get the rest of it. */
  async stop(): Promise<void> {
    this.#stopped.abort(new RetryLaterError("the process is stopping", BUSY_RETRY_MS));
    await this.#names.stop();
    await this.#thread?.terminate();
  }

  /**
   * Prepares an answer. The graphs are closed with it.
   *
   * @param before the window that a view is compared with, or those that came before
   * @param onFound is told how many findings the graph has, once that is known
   */
  async prepare(
    question: Question,
    subject: Subject,
    before: readonly Subject[],
    onFound: OnFound | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const all = [subject, ...before];
    const close = async () => {
      await Promise.all(all.map(({ graph }) => graph.close()));
    };
    try {
      const mutes = await this.#mutes.read(signal);
      const { names } = this.#names;
      const parts = [question, names.version, mutes.version, ...all.map(({ graph }) => keyOf(graph))];
      return {
        version: createHash("sha256").update(JSON.stringify(parts)).digest("base64url"),
        pieces: () =>
          this.#ask(all, onFound, signal, ([graph, ...others], answer) => ({
            question,
            graph,
            before: others,
            names: { version: names.version, loaded: names.loaded },
            mutes,
            maxEdges: this.#options.maxEdges,
            cacheBytes: this.#options.cacheBytes,
            answer,
          })),
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async #ask(
    all: readonly Subject[],
    onFound: OnFound | undefined,
    signal: AbortSignal,
    taskOf: (graphs: readonly [RemoteGraph, ...RemoteGraph[]], answer: MessagePort) => Task,
  ): Promise<AsyncIterable<Uint8Array>> {
    if (this.#open >= MAX_OPEN)
      throw new RetryLaterError(`${MAX_OPEN} answers are being made`, BUSY_RETRY_MS);
    const either = AbortSignal.any([signal, this.#stopped.signal]);
    either.throwIfAborted();
    this.#open++;
    const reading = new Reading(all, either);
    const { port1: ours, port2: theirs } = new MessageChannel();
    const asker = new Asker<undefined, Piece>(ours);
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.#open--;
      either.removeEventListener("abort", end);
      asker.close();
      reading.close();
    };
    // Whoever is gone may never have begun to read.
    either.addEventListener("abort", end, { once: true });
    const next = async (): Promise<Piece> => {
      try {
        return await asker.ask(undefined);
      } catch (error) {
        either.throwIfAborted();
        throw new Error("the thread that answers ended", { cause: error });
      }
    };
    try {
      const [graph, ...others] = reading.graphs;
      if (graph === undefined) throw new Error("expected a graph to ask about");
      const task = taskOf([graph, ...others], theirs);
      this.#running().postMessage(task, [theirs, ...reading.graphs.map(({ port }) => port)]);
      const first = await next();
      if (!("begins" in first)) throw failureOf(first, reading);
      if (first.found !== undefined) void onFound?.(first.found);
      return piecesOf(next, end, reading);
    } catch (error) {
      end();
      throw error;
    }
  }

  /** A thread that failed closes its ports, by which those who wait learn of it. */
  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(builtFile("answer-thread.js"), {
      name: "answers",
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const leave = () => {
      if (this.#thread === thread) this.#thread = undefined;
    };
    thread.on("error", (error) => {
      // It ends a moment later, and takes no question until then.
      leave();
      this.#log.warn({ error, reason: error.message }, "answers-restarted");
    });
    thread.on("exit", leave);
    thread.unref();
    this.#thread = thread;
    return thread;
  }
}

async function* piecesOf(
  next: () => Promise<Piece>,
  end: () => void,
  reading: Reading,
): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const piece = await next();
      if ("ends" in piece) return;
      if (!("bytes" in piece)) throw failureOf(piece, reading);
      yield piece.bytes;
    }
  } finally {
    end();
  }
}

function failureOf(piece: Piece, reading: Reading): unknown {
  if ("refused" in piece) return new RefusedError(piece.refused.why, piece.refused.message);
  if ("damaged" in piece) return reading.damage(piece.damaged.key, piece.damaged.message);
  if ("defect" in piece) return piece.defect;
  return reading.failure ?? new ChannelClosedError();
}
