import { randomUUID } from "node:crypto";
import type { GraphId } from "../window.js";
import type { Claim, ClaimRecord, Marker } from "./marker.js";

interface Entry {
  readonly claim: Claim;
  readonly version: string;
  /** On `performance.now`, which no change of the wall clock moves. */
  readonly writtenAt: number;
}

/**
 * Claims in this process's memory: for tests, and for library users who embed one process. The methods have no
 * `await` between looking and writing, which is what makes them atomic.
 */
export class MemoryMarker implements Marker {
  readonly #entries = new Map<GraphId, Entry>();

  async read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined> {
    signal.throwIfAborted();
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { claim, version, writtenAt } = entry;
    return { claim: { ...claim }, version, ageMs: performance.now() - writtenAt };
  }

  async create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    return this.#entries.has(id) ? undefined : this.#write(id, claim);
  }

  async replace(
    id: GraphId,
    version: string,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    signal.throwIfAborted();
    return this.#entries.get(id)?.version === version ? this.#write(id, claim) : undefined;
  }

  async remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    return this.#entries.get(id)?.version === version && this.#entries.delete(id);
  }

  async *list(signal: AbortSignal): AsyncGenerator<{ id: GraphId; version: string }> {
    signal.throwIfAborted();
    for (const [id, { version }] of this.#entries) yield { id, version };
  }

  #write(id: GraphId, claim: Claim): string {
    const version = randomUUID();
    this.#entries.set(id, { claim: { ...claim }, version, writtenAt: performance.now() });
    return version;
  }
}
