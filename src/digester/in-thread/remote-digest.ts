import { Readable } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import { HandedOverError, messageOf } from "../../errors.js";
import type { Conversion } from "../../graph/convert.js";
import type { ConversionWithParquet } from "../../graph/convert-edges.js";
import { newStats } from "../../graph/stats.js";
import type { DigestElsewhere, Progress } from "../digester.js";
import type { Order, Output, Report } from "./messages.js";
import { fromPlainError } from "./plain-error.js";

interface Waiting {
  readonly resolve: (piece: Buffer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A digest that a thread makes: what is known of it here, and the bytes of its graph as they come. */
export class RemoteDigest implements DigestElsewhere {
  readonly counts: Record<string, number> = {};
  readonly details: Record<string, string> = {};
  warnings: readonly string[] = [];
  readonly #port: MessagePort;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  readonly #stats = newStats();
  readonly #outputs = new Map<Output, Readable>();
  readonly #waiting = new Map<Output, Waiting>();
  #digested: ((failure?: { readonly error: unknown }) => void) | undefined;
  #progress: Progress = { filesDone: 0, files: 0, records: 0 };
  #onRead: () => void = () => undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  /**
   * @param port to the thread that was told to make it
   * @param signal ends it, whatever it is doing
   * @param lost why the thread has ended, to be asked when it has
   * @param onEnd is called when the thread is done with it
   */
  constructor(port: MessagePort, signal: AbortSignal, lost: () => Promise<unknown>, onEnd: () => void) {
    this.#port = port;
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal.addEventListener("abort", this.#abort, { once: true });
    port.on("message", (report: Report) => this.#take(report));
    port.on("close", () => {
      if (this.#isOver) return;
      void lost().then((cause) =>
        this.#fail(new Error("the thread that reads flow logs has ended", { cause })),
      );
    });
  }

  /** @throws whatever the digest fails with before anything is read, or the signal's reason */
  async digested(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#digested = (failure = this.#failure) => {
        if (failure === undefined) resolve();
        else reject(failure.error);
      };
      if (this.#failure !== undefined) this.#digested();
    });
    return this;
  }

  readonly progress = (): Progress => this.#progress;

  convert(wanted: Parameters<DigestElsewhere["convert"]>[0]): Conversion | ConversionWithParquet {
    this.#onRead = wanted.onRead;
    this.#order({ kind: "convert", parquet: wanted.parquet });
    const conversion = { stats: this.#stats, body: this.#output("body") };
    return wanted.parquet ? { ...conversion, parquet: this.#output("parquet") } : conversion;
  }

  #output(of: Output): Readable {
    const output = Readable.from(this.#pieces(of), { objectMode: false });
    this.#outputs.set(of, output);
    // It may fail before somebody reads it, who is told, and after.
    output.on("error", () => undefined);
    output.on("close", () => {
      this.#outputs.delete(of);
      if (!output.readableEnded) this.#giveUp(new Error("the graph is read no more"));
      else if (this.#outputs.size === 0) this.#end();
    });
    if (this.#failure !== undefined) output.destroy(errorOf(this.#failure.error));
    return output;
  }

  /** One piece comes while the one before it is stored. */
  async *#pieces(of: Output): AsyncGenerator<Buffer> {
    for (let next = this.#next(of); ;) {
      const piece = await next;
      if (piece === undefined) return;
      next = this.#next(of);
      // Whoever reads on meets its failure.
      next.catch(() => undefined);
      yield piece;
    }
  }

  #next(of: Output): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure.error);
        return;
      }
      this.#waiting.set(of, { resolve, reject });
      this.#order({ kind: "next", of });
    });
  }

  #take(report: Report): void {
    switch (report.kind) {
      case "digested":
        this.#progress = report.progress ?? this.#progress;
        this.#digested?.();
        break;
      case "progress":
        this.#progress = report.progress ?? this.#progress;
        break;
      case "read":
        this.#onRead();
        break;
      case "piece":
        this.#settle(report.of, Buffer.from(report.bytes.buffer));
        break;
      case "end":
        Object.assign(this.#stats, report.stats);
        Object.assign(this.counts, report.facts.counts);
        Object.assign(this.details, report.facts.details);
        this.warnings = report.facts.warnings;
        this.#settle(report.of, undefined);
        break;
      case "failed":
        this.#fail(fromPlainError(report.error));
        break;
    }
  }

  #settle(of: Output, piece: Buffer | undefined): void {
    this.#waiting.get(of)?.resolve(piece);
    this.#waiting.delete(of);
  }

  readonly #abort = () => this.#giveUp(this.#signal.reason);

  #giveUp(reason: unknown): void {
    if (this.#isOver) return;
    this.#order({
      kind: "abort",
      reason: messageOf(reason),
      isHandedOver: reason instanceof HandedOverError,
    });
    this.#fail(reason);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#end();
    this.#digested?.();
    for (const { reject } of this.#waiting.values()) reject(error);
    for (const output of this.#outputs.values()) output.destroy(errorOf(error));
  }

  #end(): void {
    this.#isOver = true;
    this.#signal.removeEventListener("abort", this.#abort);
    this.#port.close();
    this.#onEnd();
  }

  #order(order: Order): void {
    this.#port.postMessage(order, []);
  }
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
