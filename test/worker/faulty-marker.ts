import type { Claim, ClaimRecord, Marker } from "../../src/marker/marker.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import type { GraphId } from "../../src/window.js";

type Operation = "read" | "create" | "replace" | "remove";

/** Fails before the store did anything, after it did, or never answers and heeds no signal. */
type Fault = "before" | "after" | "hang";

/** A store in memory that loses calls and answers when told to. */
export class FaultyMarker implements Marker {
  readonly store = new MemoryMarker();
  /** What befalls the next calls of an operation, one each. */
  readonly faults: { [operation in Operation]?: (Fault | undefined)[] } = {};
  /** What befalls every call, when none of `faults` is left for it. */
  down: Fault | undefined;
  /** Every call so far. */
  readonly calls: Operation[] = [];

  count(operation: Operation): number {
    return this.calls.filter((call) => call === operation).length;
  }

  read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined> {
    return this.#call("read", () => this.store.read(id, signal));
  }

  create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    return this.#call("create", () => this.store.create(id, claim, signal));
  }

  replace(id: GraphId, version: string, claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    return this.#call("replace", () => this.store.replace(id, version, claim, signal));
  }

  remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean> {
    return this.#call("remove", () => this.store.remove(id, version, signal));
  }

  list(signal: AbortSignal): AsyncIterable<{ id: GraphId; version: string }> {
    return this.store.list(signal);
  }

  async #call<T>(operation: Operation, perform: () => Promise<T>): Promise<T> {
    this.calls.push(operation);
    const fault = this.faults[operation]?.shift() ?? this.down;
    if (fault === "hang") await new Promise(() => undefined);
    if (fault === "before") throw new Error("the store is down");
    const answer = await perform();
    if (fault === "after") throw new Error("the answer was lost");
    return answer;
  }
}
