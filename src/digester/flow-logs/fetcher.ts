import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { builtFile } from "../../built-file.js";
import type { Version, Way } from "../../s3/quick-get.js";
import type { FetcherOptions, FileWant, ObjectWant, Reply, Task } from "./fetch-task.js";
import { Waiting } from "./waiting.js";

/** Fewer files aren't worth a thread: to start it takes as long as to read some hundred of them. */
export const MANY = 32;

const YOUNG_GENERATION_MB = 6;
const CLOSE_MS = 1000;

/**
 * Fetches small files in a thread of its own. A promise for each step of each file, and a stream for each that is unpacked,
 * would take longer than all that is made of the records in it.
 *
 * It gives undefined for what it can't fetch, whatever the reason: then whoever asked does it in the obvious way, which tells. So
 * it does for everything before `start`, after `close`, once the signal has aborted, and when the thread has failed, until it is
 * started again. Never rejects.
 */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #files = new Waiting<Buffer>();
  readonly #stats = new Waiting<Float64Array>();
  readonly #blocks = new WeakMap<Buffer, Block>();
  readonly #heeded = new WeakSet<AbortSignal>();
  #thread: Worker | undefined;
  #isClosed = false;
  #lastId = 0;
  // What goes in the next message.
  #wantedFiles: FileWant[] = [];
  #wantedObjects: ObjectWant[] = [];
  #way: Way | undefined;
  #isWayKnown = false;
  #free: ArrayBuffer[] = [];

  constructor(options: FetcherOptions = {}) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  start(): void {
    if (this.#thread !== undefined || this.#isClosed) return;
    const thread = new Worker(builtFile("fetch-thread.js"), {
      name: "fetcher",
      workerData: this.#options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    thread.on("message", (reply: Reply) => this.#take(reply));
    thread.on("error", (error) => process.emitWarning(error));
    thread.on("exit", () => {
      if (this.#thread === thread) this.#giveUp();
    });
    thread.unref();
    this.#thread = thread;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#giveUp();
    // A thread that hangs in a call to a file system ends with it.
    await Promise.race([thread?.terminate(), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  #giveUp(): void {
    this.#thread = undefined;
    this.#isWayKnown = false;
    this.#files.giveUp();
    this.#stats.giveUp();
  }

  /** Size in bytes, milliseconds of the last change, and inode number of each path, or three times NaN. */
  async stat(paths: readonly string[], signal: AbortSignal): Promise<Float64Array | undefined> {
    if (!this.#mayAsk(signal)) return undefined;
    const id = ++this.#lastId;
    this.#send({ kind: "stat", id, paths });
    return this.#stats.answer(id, signal);
  }

  /** All bytes of a file, without gzip where that could be taken off. */
  async read(path: string, size: number, signal: AbortSignal): Promise<Buffer | undefined> {
    if (!this.#mayAsk(signal)) return undefined;
    const id = ++this.#lastId;
    this.#wantedFiles.push({ id, path, size });
    this.#sendSoon();
    return this.#files.answer(id, signal);
  }

  /** All bytes of an object, as they are. */
  async get(way: Way, { key, size, etag }: Version, signal: AbortSignal): Promise<Buffer | undefined> {
    if (!this.#mayAsk(signal)) return undefined;
    if (this.#way !== way) [this.#way, this.#isWayKnown] = [way, false];
    const id = ++this.#lastId;
    this.#wantedObjects.push({ id, key, size, etag });
    this.#sendSoon();
    return this.#files.answer(id, signal);
  }

  /** Uses the memory of a file again, whose bytes nobody reads any more. */
  readonly release = (bytes: Buffer): void => {
    const block = this.#blocks.get(bytes);
    if (block === undefined) return;
    this.#blocks.delete(bytes);
    this.#letGo(block);
  };

  #letGo(block: Block): void {
    if (--block.inUse === 0) this.#free.push(block.memory);
  }

  #mayAsk(signal: AbortSignal): boolean {
    if (this.#thread === undefined || signal.aborted) return false;
    // One listener for the thousands of files of a job.
    if (!this.#heeded.has(signal)) {
      this.#heeded.add(signal);
      signal.addEventListener("abort", () => this.#end(signal), { once: true });
    }
    return true;
  }

  #end(signal: AbortSignal): void {
    this.#stats.giveUp(signal);
    const ids = this.#files.giveUp(signal);
    if (ids.length > 0) this.#send({ kind: "end", ids });
  }

  /** All that are wanted in one turn go in one message. */
  #sendSoon(): void {
    if (this.#wantedFiles.length + this.#wantedObjects.length > 1) return;
    process.nextTick(() => {
      const [files, objects, blocks] = [this.#wantedFiles, this.#wantedObjects, this.#free];
      [this.#wantedFiles, this.#wantedObjects, this.#free] = [[], [], []];
      const way = this.#isWayKnown ? undefined : this.#way;
      this.#isWayKnown = true;
      this.#send({ kind: "fetch", files, objects, way, blocks }, blocks);
    });
  }

  #send(task: Task, transferred: readonly ArrayBuffer[] = []): void {
    this.#thread?.ref();
    this.#thread?.postMessage(task, transferred);
  }

  #take(reply: Reply): void {
    if (reply.kind === "stats") this.#stats.settle(reply.id, reply.stats);
    else {
      const block = { memory: reply.block, inUse: 1 };
      for (const { id, start, end } of reply.files) {
        const bytes = end < start ? undefined : Buffer.from(reply.block, start, end - start);
        if (this.#files.settle(id, bytes) && bytes !== undefined) {
          this.#blocks.set(bytes, block);
          block.inUse++;
        }
      }
      this.#letGo(block);
    }
    // It keeps no process alive that waits for nothing.
    if (this.#files.size + this.#stats.size === 0) this.#thread?.unref();
  }
}

/** What came in one message. */
interface Block {
  readonly memory: ArrayBuffer;
  /** Files whose bytes may still be read. */
  inUse: number;
}
