import { statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { QuickGet } from "../../s3/quick-get.js";
import { unpacked } from "./content.js";
import { readSmall, readSmallSync } from "./read-small.js";
import type { Fetched, FetcherOptions, FileWant, ObjectWant, Reply, Task } from "./fetch-task.js";

/**
 * The thread that fetches small files, many of which come in one message. Off those of a disk, which take less time than objects, it
 * takes gzip where that can be done at once. What it can't fetch, those who asked for it fetch in their own way, by which they learn why.
 */

/** Files that are larger than this are expanded where they are read, block by block. */
const MAX_BYTES = 512 * 1024;
/** What goes in one message, in memory that comes back to be used again. */
const BLOCK_BYTES = 1024 * 1024;

/** So long an object waits for others that are under way: a message takes as long as some of them. */
const GATHER_MS = 2;

const port = parentPort;
if (port === null) throw new Error("expected to be a thread");

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the fetcher starts it
const { withinMs = 15_000, slowMs = 1 } = workerData as FetcherOptions;
let quick: QuickGet | undefined;
/** What ends each request that is under way. */
const ends = new Map<number, () => void>();
/** What goes in the next messages. */
let fetched: { readonly id: number; readonly bytes: Buffer | undefined }[] = [];
const free: ArrayBuffer[] = [];
let isSlow = false;

port.on("message", (task: Task) => {
  if (task.kind === "stat") reply({ kind: "stats", id: task.id, stats: statsOf(task.paths) });
  else if (task.kind === "end") for (const id of task.ids) ends.get(id)?.();
  else {
    free.push(...task.blocks);
    if (task.way !== undefined) quick = new QuickGet(task.way, withinMs);
    for (const object of task.objects) get(object);
    if (task.files.length > 0) void readFiles(task.files);
  }
});

function reply(message: Reply, transferred: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transferred);
}

/** Size, time and number of each, or NaN. */
function statsOf(paths: readonly string[]): Float64Array {
  const stats = new Float64Array(3 * paths.length).fill(Number.NaN);
  for (const [index, path] of paths.entries()) {
    try {
      const { size, mtimeMs, ino } = statSync(path);
      stats.set([size, mtimeMs, ino], 3 * index);
    } catch {
      // Whoever asked finds out why.
    }
  }
  return stats;
}

async function readFiles(files: readonly FileWant[]): Promise<void> {
  const start = performance.now();
  const wasSlow = isSlow;
  const reading = files.map(async ({ id, path, size }) => {
    try {
      const bytes = wasSlow ? await readSmall(path, size) : readSmallSync(path, size);
      // One that is being written is read again.
      take(id, bytes?.length === size ? unpacked(bytes, MAX_BYTES) : undefined);
    } catch {
      take(id, undefined);
    }
  });
  await Promise.all(reading);
  isSlow = performance.now() - start > slowMs * files.length;
}

function get({ id, ...version }: ObjectWant): void {
  const end = quick?.get(version, (bytes) => {
    ends.delete(id);
    take(id, bytes);
  });
  if (end === undefined) take(id, undefined);
  else ends.set(id, end);
}

function take(id: number, bytes: Buffer | undefined): void {
  if (fetched.push({ id, bytes }) === 1) setTimeout(post, GATHER_MS);
  // Nothing else is under way.
  if (ends.size === 0) setImmediate(post);
}

function post(): void {
  const all = fetched;
  fetched = [];
  if (all.length === 0) return;
  let block = new Block();
  for (const { id, bytes } of all) {
    if (block.at + (bytes?.length ?? 0) > BLOCK_BYTES) {
      block.send();
      block = new Block();
    }
    block.add(id, bytes);
  }
  block.send();
}

class Block {
  readonly #files: Fetched[] = [];
  readonly #memory = new Uint8Array(free.pop() ?? new ArrayBuffer(BLOCK_BYTES));
  at = 0;

  add(id: number, bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      this.#files.push({ id, start: 0, end: -1 });
      return;
    }
    this.#memory.set(bytes, this.at);
    this.#files.push({ id, start: this.at, end: this.at + bytes.length });
    this.at += bytes.length;
  }

  send(): void {
    const { buffer } = this.#memory;
    reply({ kind: "fetched", block: buffer, files: this.#files }, [buffer]);
  }
}
