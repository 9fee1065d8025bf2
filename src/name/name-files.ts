import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted } from "../deadline.js";
import { messageOf } from "../errors.js";
import { NameFileError } from "./name-file.js";
import { type LoadedNames, Names } from "./names.js";
import { identityOf, readNames } from "./read-names.js";

/** Files are looked at so often: nothing tells of changes on every volume, and a config map's are renames of a link. */
const POLL_MS = 2000;

/** Told what became of files: fields, and the event's name. A logger with pino's interface is one. */
export interface NameLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
}

interface Watched {
  readonly file: string;
  /** Which one was read last, or found at fault: it isn't read again until it changes. */
  tried: string;
  /** Which one was there when it was looked at last. */
  seen: string | undefined;
  /** What was logged last of it; empty since it was read. */
  fault: string;
  loaded: LoadedNames | undefined;
}

/**
 * Keeps the names of some files as they are now. A file that changes is read again; one that can't be read or is at fault
 * is logged as `names-fault`, once for each change, and what it said before stays.
 */
export class NameFiles {
  readonly #log: NameLog;
  readonly #pollMs: number;
  readonly #watched: readonly Watched[];
  readonly #stopped = new AbortController();
  #names = Names.none;
  #watching: Promise<void> = Promise.resolve();

  /** @param files earlier ones are trusted before later ones of the same kind */
  constructor(files: readonly string[], log: NameLog, pollMs = POLL_MS) {
    this.#log = log;
    this.#pollMs = pollMs;
    this.#watched = files.map((file) => ({ file, tried: "", seen: undefined, fault: "", loaded: undefined }));
  }

  /** Those of this moment. Whoever computes one answer asks once. */
  get names(): Names {
    return this.#names;
  }

  /** Resolves when each file was read, or found at fault. */
  async start(): Promise<void> {
    if (this.#watched.length === 0) return;
    const first = this.look();
    this.#watching = first.then(() => this.#watch());
    await first;
  }

  /** Nothing is read, changed or logged from now on. A call of the file system that hangs isn't waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      // The process may end meanwhile.
      await sleep(this.#pollMs, undefined, { signal, ref: false }).catch(() => undefined);
      await this.look();
    }
  }

  /** Reads what has changed. Done by itself from time to time; not to be called while it is. */
  async look(): Promise<void> {
    const { signal } = this.#stopped;
    let changed = false;
    try {
      for (const watched of this.#watched) {
        changed = (await unlessAborted(this.#reread(watched, signal), signal)) || changed;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (changed) this.#names = new Names(this.#watched.flatMap(({ loaded }) => loaded ?? []));
  }

  /** Whether it says something else than before. Rejects when it was aborted. */
  async #reread(watched: Watched, signal: AbortSignal): Promise<boolean> {
    const { file } = watched;
    const identity = await stat(file).then(identityOf, () => "");
    const isFirst = watched.seen === undefined;
    const isSettled = identity === watched.seen;
    watched.seen = identity;
    if (identity !== "" && identity === watched.tried) return false;
    // Who writes a file in place empties it first: it is read once it has stayed the same from one look to the next.
    if (!isFirst && !isSettled) return false;
    let loaded: LoadedNames | undefined;
    try {
      loaded = await readNames(file, signal);
    } catch (error) {
      signal.throwIfAborted();
      // What is in the file stays wrong until it changes; what kept it from being read may pass.
      if (error instanceof NameFileError) watched.tried = identity;
      this.#warn(watched, error, identity);
      return false;
    }
    signal.throwIfAborted();
    // It changed while it was read: the next time.
    if (loaded === undefined) return false;
    watched.tried = identity;
    const isNews = loaded.digest !== watched.loaded?.digest;
    if (isNews || watched.fault !== "") this.#log.info(countsOf(loaded), "names-loaded");
    watched.fault = "";
    if (isNews) watched.loaded = loaded;
    return isNews;
  }

  #warn(watched: Watched, error: unknown, identity: string): void {
    const { file, loaded } = watched;
    const message = messageOf(error);
    const fault = `${identity} ${message}`;
    if (fault === watched.fault) return;
    watched.fault = fault;
    const kept = loaded === undefined ? "it has no names yet" : "its former names are still used";
    this.#log.warn({ file, reason: `${message}; ${kept}`, error }, "names-fault");
  }
}

function countsOf(loaded: LoadedNames): Record<string, unknown> {
  const { file, source } = loaded;
  return source === "mmdb" ? { file, source } : { file, source, prefixes: loaded.columns.prefixes };
}
