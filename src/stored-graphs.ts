import { json } from "node:stream/consumers";
import type { Answer, Answers, OnFound } from "./answer/answers.js";
import { openGraph } from "./answer/open-graph.js";
import type { Question } from "./answer/question.js";
import type { Subject } from "./answer/reading.js";
import { uninterrupted } from "./deadline.js";
import { DependencyError } from "./errors.js";
import { USUAL_LIMIT } from "./finding/findings.js";
import type { GraphInfo, Storage, StoredGraph } from "./storage/storage.js";
import type { TimeWindow } from "./window.js";
import { Announceable, type Announced } from "./worker/announcer.js";
import type { Claims } from "./worker/claims.js";
import type { GraphList } from "./worker/graph-list.js";

export type Missing =
  | { readonly state: "in progress"; readonly notBefore: Date | undefined }
  | { readonly state: "absent"; readonly reason: string | undefined };

export type Found<Graph> = { readonly state: "stored"; readonly graph: Graph };

/** No answer, since a graph isn't there that it needs. */
export type Unanswered = Missing & { readonly window: TimeWindow };

/** Other windows that a question takes: one that is named has to be there, of `earlier` ones those count that are. */
export interface Before {
  readonly named: readonly TimeWindow[];
  readonly earlier: readonly TimeWindow[];
}

/** Finds graphs, or why they aren't there, and answers questions about them. */
export class StoredGraphs {
  readonly #storage: Storage;
  readonly #claims: Claims;
  readonly #list: GraphList;
  readonly #answers: Answers;

  constructor(storage: Storage, claims: Claims, list: GraphList, answers: Answers) {
    this.#storage = storage;
    this.#claims = claims;
    this.#list = list;
    this.#answers = answers;
  }

  fetch(window: TimeWindow, signal: AbortSignal): Promise<Found<StoredGraph> | Missing> {
    return this.#met(window, signal, () => this.#storage.get(window.id, signal));
  }

  head(window: TimeWindow, signal: AbortSignal): Promise<Found<GraphInfo> | Missing> {
    return this.#met(window, signal, () => this.#storage.head(window.id, signal));
  }

  async answer(
    question: Question,
    window: TimeWindow,
    before: Before,
    signal: AbortSignal,
  ): Promise<{ readonly state: "stored"; readonly answer: Answer } | Unanswered> {
    const open = (each: TimeWindow) => openGraph(this.#storage, each.id, signal);
    const subjects: Subject[] = [];
    try {
      for (const each of [window, ...before.named]) {
        const outcome = await this.#find(each, signal, () => open(each));
        if (outcome.state !== "stored") return { ...outcome, window: each };
        subjects.push({ window: each, graph: outcome.graph });
      }
      for (const each of before.earlier) {
        const graph = await open(each);
        if (graph !== undefined) subjects.push({ window: each, graph });
      }
      const [subject, ...others] = subjects.splice(0);
      if (subject === undefined) throw new Error("expected the graph that was opened");
      const onFound = this.#tellsFindingsOf(window, subject.graph.version);
      const answer = await this.#answers.prepare(question, subject, others, onFound, signal);
      return { state: "stored", answer };
    } finally {
      // Those that became part of an answer are closed with it.
      await Promise.all(subjects.map(({ graph }) => graph.close()));
    }
  }

  /**
   * What stands out in a window.
   *
   * @throws RefusedError when its graph is too large
   */
  async findings(window: TimeWindow, signal: AbortSignal): Promise<readonly Announced[]> {
    const question = { kind: "findings", limit: USUAL_LIMIT } as const;
    const outcome = await this.answer(question, window, { named: [], earlier: [] }, signal);
    if (outcome.state !== "stored") throw new DependencyError("storage", "the graph is gone");
    return Announceable.parse(await json(await outcome.answer.pieces())).findings;
  }

  /** Has the list tell how many findings a graph has, if it is the same still when they are known. */
  #tellsFindingsOf(window: TimeWindow, version: string): OnFound | undefined {
    if (!this.#list.isKept) return undefined;
    return async (findings) => {
      const size = await this.#sizeOf(window, version, uninterrupted()).catch(() => undefined);
      if (size !== undefined) await this.#list.tell(window, size, { findings });
    };
  }

  /** Bytes of a stored graph, if it is of this making still. */
  async #sizeOf(window: TimeWindow, version: string, signal: AbortSignal): Promise<number | undefined> {
    const now = await openGraph(this.#storage, window.id, signal);
    await now?.close();
    if (now?.version !== version) return undefined;
    return (await this.#storage.head(window.id, signal))?.size;
  }

  /** The list learns of a graph that it may lack. */
  async #met<Graph extends GraphInfo>(
    window: TimeWindow,
    signal: AbortSignal,
    look: () => Promise<Graph | undefined>,
  ): Promise<Found<Graph> | Missing> {
    const outcome = await this.#find(window, signal, look);
    if (outcome.state === "stored") this.#list.met(window, outcome.graph);
    return outcome;
  }

  async #find<Graph>(
    window: TimeWindow,
    signal: AbortSignal,
    look: () => Promise<Graph | undefined>,
  ): Promise<Found<Graph> | Missing> {
    const graph = await look();
    if (graph !== undefined) return { state: "stored", graph };
    const progress = await this.#claims.progress(window, signal);
    if (progress.state === "in progress") return progress;
    if (progress.state === "failed") return { state: "absent", reason: progress.reason };
    // A job that ended in between left a graph and took its claim away.
    const late = await look();
    return late === undefined ? { state: "absent", reason: undefined } : { state: "stored", graph: late };
  }
}
