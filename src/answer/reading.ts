import { MessageChannel, type MessagePort } from "node:worker_threads";
import { CorruptInputError } from "../errors.js";
import type { TimeWindow } from "../window.js";
import { answerThrough } from "./channel.js";
import { damaged, type OpenGraph } from "./open-graph.js";
import type { RemoteGraph } from "./question.js";

/** A graph with its window. */
export interface Subject {
  readonly window: TimeWindow;
  readonly graph: OpenGraph;
}

/** Gives the thread that answers the bytes of graphs, when it asks for them. */
export class Reading {
  readonly graphs: readonly RemoteGraph[];
  /** Why bytes could not be given. */
  failure: unknown;
  readonly #subjects: readonly Subject[];
  readonly #ports: readonly MessagePort[];

  /** @param signal governs all reading */
  constructor(subjects: readonly Subject[], signal: AbortSignal) {
    this.#subjects = subjects;
    const channels = subjects.map(() => new MessageChannel());
    this.#ports = channels.map(({ port1 }) => port1);
    this.graphs = subjects.flatMap(({ window: { start, stop, scope }, graph }, index) => {
      const channel = channels[index];
      if (channel === undefined) return [];
      const { bytes, metadata } = graph;
      this.#serve(channel.port1, graph.bytes, signal);
      const size = bytes.kind === "parquet" ? bytes.source.size : undefined;
      const window = { start, stop };
      return [{ key: keyOf(graph), window, scope, metadata, port: channel.port2, size }];
    });
  }

  #serve(port: MessagePort, bytes: Subject["graph"]["bytes"], signal: AbortSignal): void {
    const onFailure = (error: unknown) => {
      this.failure ??= error;
    };
    if (bytes.kind === "parquet") {
      const read = ([start, end]: readonly [number, number]) => bytes.source.read(start, end, signal);
      answerThrough(port, read, onFailure);
      return;
    }
    let chunks: AsyncIterator<Buffer> | undefined;
    const next = async (): Promise<Buffer | undefined> => {
      chunks ??= bytes.chunks[Symbol.asyncIterator]();
      const { done, value } = await chunks.next();
      return done === true ? undefined : value;
    };
    answerThrough(port, next, onFailure);
  }

  /** What to say of a graph that the thread found damaged. */
  damage(key: string, message: string): unknown {
    const subject = this.#subjects.find(({ graph }) => keyOf(graph) === key);
    const error = new CorruptInputError(message);
    return subject === undefined ? error : damaged(subject.graph.id, error);
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}

export function keyOf({ id, version }: Subject["graph"]): string {
  return `${id} ${version}`;
}
