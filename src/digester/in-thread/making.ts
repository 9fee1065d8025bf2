import type { MessagePort } from "node:worker_threads";
import { HandedOverError } from "../../errors.js";
import { convertTable } from "../../graph/convert-edges.js";
import type { DigestOfEdges } from "../digester.js";
import type { PlainWindow } from "../../window.js";
import type { Order, Output, Report } from "./messages.js";
import { toPlainError } from "./plain-error.js";

const PROGRESS_MS = 200;
/** Smaller pieces may share their memory with others. */
const OWN_MEMORY_BYTES = 16 * 1024;

/** In the thread: a digest, and what becomes of it as the other end of the port orders. */
export class Making {
  readonly #window: PlainWindow;
  readonly #port: MessagePort;
  readonly #stop = new AbortController();
  #digest: DigestOfEdges | undefined;
  #pieces: { readonly [Each in Output]?: AsyncIterator<Buffer> } = {};
  #end: ((of: Output) => Report) | undefined;

  constructor(window: PlainWindow, port: MessagePort) {
    this.#window = window;
    this.#port = port;
  }

  begin(digest: (signal: AbortSignal) => Promise<DigestOfEdges>): void {
    const telling = setInterval(() => this.#tell(this.#progress("progress")), PROGRESS_MS);
    this.#port.on("message", (order: Order) => this.#obey(order));
    this.#port.on("close", () => {
      clearInterval(telling);
      this.#stop.abort(new Error("nobody waits for this graph any more"));
    });
    this.#begin(digest(this.#stop.signal)).catch((error: unknown) => this.#fail(error));
  }

  async #begin(digest: Promise<DigestOfEdges>): Promise<void> {
    this.#digest = await digest;
    this.#tell(this.#progress("digested"));
  }

  #progress(kind: "digested" | "progress"): Report {
    return { kind, progress: this.#digest?.progress?.() };
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case "convert":
        this.#convert(order.parquet);
        break;
      case "next":
        this.#next(order.of).catch((error: unknown) => this.#fail(error));
        break;
      case "abort":
        this.#stop.abort(order.isHandedOver ? new HandedOverError(order.reason) : new Error(order.reason));
        break;
    }
  }

  #convert(parquet: boolean): void {
    if (this.#digest === undefined) throw new Error("expected to convert what is digested");
    const { edges, counts = {}, details = {}, warnings = [] } = this.#digest;
    const conversion = convertTable(
      this.#window,
      { edges, counts },
      { parquet, onRead: () => this.#tell({ kind: "read" }), signal: this.#stop.signal },
    );
    const { body, stats } = conversion;
    this.#pieces = {
      body: body[Symbol.asyncIterator](),
      ...("parquet" in conversion && { parquet: conversion.parquet[Symbol.asyncIterator]() }),
    };
    this.#end = (of) => ({ kind: "end", of, stats, facts: { counts, details, warnings } });
  }

  async #next(of: Output): Promise<void> {
    const next = await this.#pieces[of]?.next();
    if (next?.done === false) {
      const bytes = ownBytes(next.value);
      this.#tell({ kind: "piece", of, bytes }, [bytes.buffer]);
    } else if (this.#end !== undefined) this.#tell(this.#end(of));
  }

  #fail(error: unknown): void {
    this.#tell({ kind: "failed", error: toPlainError(error) });
    this.#stop.abort(error);
  }

  #tell(report: Report, transferred: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(report, transferred);
  }
}

/** The bytes in a memory of their own, which can be given away. */
function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, length } = bytes;
  const isOwn = length >= OWN_MEMORY_BYTES && length === buffer.byteLength;
  return isOwn && buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
