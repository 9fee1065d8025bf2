import { randomUUID } from "node:crypto";
import { access, constants, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeStale } from "../disk/atomic-file.js";
import { checkRoom, FileClock, fileErrors, Presence } from "../disk/data-dir.js";
import { diskSettings } from "../disk/settings.js";
import { implementation } from "../registry.js";
import { GraphId } from "../graph-id.js";
import { Claim, type ClaimRecord, type Marker, type MarkerGiven } from "./marker.js";
import {
  clearDead,
  createRecord,
  currentVersion,
  readRecord,
  removeRecord,
  replaceRecord,
} from "./record-dir.js";

export interface DiskMarkerOptions {
  /** The data directory, made when absent. Claims are `claims/<id>_in_progress/` in it. Processes may share it. */
  readonly dir: string;
  /** Milliseconds after which a temporary directory that nobody wrote to is taken for a killed process's. */
  readonly staleMs: number;
}

const SUFFIX = "_in_progress";

/** Claims as JSON records on disk; `record-dir.ts` says what makes them atomic. */
export class DiskMarker implements Marker {
  readonly #dir: string;
  readonly #presence: Presence;
  readonly #temporaryDir: string;
  readonly #staleMs: number;
  #clock: FileClock | undefined;

  constructor({ dir, staleMs }: DiskMarkerOptions) {
    this.#dir = join(dir, "claims");
    this.#presence = new Presence(this.#dir);
    this.#temporaryDir = join(this.#dir, ".tmp");
    this.#staleMs = staleMs;
  }

  async start(): Promise<void> {
    const io = fileErrors("marker", `preparing ${this.#dir}`);
    await io(mkdir(this.#temporaryDir, { recursive: true }));
    await io(removeStale(this.#temporaryDir, this.#staleMs));
    for (const name of await io(readdir(this.#dir))) {
      if (idOf(name) !== undefined) await io(clearDead(join(this.#dir, name)));
    }
    this.#clock = await io(FileClock.open(this.#temporaryDir));
  }

  async stop(): Promise<void> {
    await this.#clock?.close();
    this.#clock = undefined;
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const io = fileErrors("marker", `checking that ${this.#dir} can be written to`);
    await io(access(this.#dir, constants.W_OK | constants.X_OK));
    await io(checkRoom(this.#temporaryDir));
  }

  async read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("marker", `reading ${path}`);
    const record = await io(readRecord(path));
    if (record === undefined) return io(this.#absent());
    const { version, text, mtimeMs } = record;
    if (this.#clock === undefined) throw new Error("DiskMarker: start() comes before read()");
    // Written a little ahead of now: between the two, or in a later tick of the clock. Far ahead: the clock was set back,
    // and the claim counts as being so old. A living one is renewed soon, a dead one must not last until the clock is there.
    const ageMs = Math.abs((await io(this.#clock.now())) - mtimeMs);
    return { claim: parseClaim(text), version, ageMs };
  }

  async create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const temporary = join(this.#temporaryDir, `${id}.${randomUUID()}`);
    return fileErrors("marker", `creating ${path}`)(createRecord(path, temporary, JSON.stringify(claim)));
  }

  async replace(
    id: GraphId,
    version: string,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("marker", `replacing ${path}`);
    return (await io(replaceRecord(path, version, JSON.stringify(claim)))) ?? (await io(this.#absent()));
  }

  async remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("marker", `removing ${path}`);
    const removed = await io(removeRecord(path, version));
    if (!removed) await io(this.#absent());
    return removed;
  }

  async *list(signal: AbortSignal): AsyncGenerator<{ id: GraphId; version: string }> {
    signal.throwIfAborted();
    const io = fileErrors("marker", `listing ${this.#dir}`);
    for (const name of await io(readdir(this.#dir))) {
      signal.throwIfAborted();
      const id = idOf(name);
      if (id === undefined) continue;
      const version = await io(currentVersion(join(this.#dir, name)));
      if (version !== undefined) yield { id, version };
    }
  }

  #path(id: GraphId): string {
    return join(this.#dir, id + SUFFIX);
  }

  async #absent(): Promise<undefined> {
    await this.#presence.check();
    return undefined;
  }
}

function idOf(name: string): GraphId | undefined {
  return name.endsWith(SUFFIX) ? GraphId.safeParse(name.slice(0, -SUFFIX.length)).data : undefined;
}

function parseClaim(text: string): Claim | null {
  try {
    return Claim.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** For whoever chose nothing else. */
export const diskMarker = implementation({
  settings: diskSettings,
  create: ({ GRAPH_DATA_DIR: dir }, { staleMs }: MarkerGiven): Marker => new DiskMarker({ dir, staleMs }),
});
