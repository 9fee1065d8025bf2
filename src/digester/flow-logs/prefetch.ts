import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import type { Look } from "./look.js";
import { PARQUET_WHOLE_BYTES, SMALL_BYTES, type LogObject } from "./source.js";

/** Files looked at at once: each is a request and 64 KiB, and there may be very many that turn out to be none of ours. */
const LOOKS_AT_ONCE = 32;

/** Of objects up to this size, four count as one: they wait for a store's answer rather than for their bytes. */
const TINY_BYTES = 16 * 1024;
const TINY_WEIGHT = 1 / 4;

/**
 * The objects in their order, those that need it looked at and the next ones opened already: up to `limit` at once, of
 * which small ones are read, and each other runs ahead of its reader as far as its stream does; four times as many where they are
 * tiny. So what is on its way is bounded, and the one that is read never waits for those behind it.
 *
 * An object is closed when the next one is asked for, and all when no more are.
 *
 * @param look tells what an object is; without it, or where it gives nothing, the object is to be read
 */
export async function* prefetch(
  objects: readonly LogObject[],
  limit: number,
  outer: AbortSignal,
  look: (object: LogObject, signal: AbortSignal) => Promise<Look> | undefined = () => undefined,
): AsyncGenerator<Look> {
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  // As many as are ahead may listen, which is no leak.
  setMaxListeners(0, signal);
  const ahead: Slot[] = [];
  const looks = Math.max(limit, LOOKS_AT_ONCE);
  const left = objects.values();
  /** Of those ahead, and of those among them that are opened, which come first. */
  let [weight, openedWeight, opened] = [0, 0, 0];
  // By halves: what is asked for in one turn comes together, which costs less.
  const fill = () => {
    if (weight <= looks / 2) {
      for (const object of left) {
        const slot = new Slot(object, look(object, signal));
        ahead.push(slot);
        weight += slot.weight;
        if (weight >= looks) break;
      }
    }
    if (openedWeight >= limit / 2) return;
    for (const slot of ahead.slice(opened)) {
      slot.open(signal);
      opened++;
      openedWeight += slot.weight;
      if (openedWeight >= limit) return;
    }
  };
  try {
    for (fill(); ahead[0] !== undefined; fill()) {
      const [slot] = ahead;
      yield await slot.looked;
      slot.close();
      slot.release();
      ahead.shift();
      opened--;
      weight -= slot.weight;
      openedWeight -= slot.weight;
    }
  } finally {
    for (const slot of ahead) slot.close();
    ended.abort();
  }
}

/** An object on its way. */
class Slot {
  looked: Promise<Look>;
  #body: Readable | undefined;
  #release: (() => void) | undefined;
  #isClosed = false;
  readonly weight: number;

  constructor(object: LogObject, looked: Promise<Look> | undefined) {
    this.weight = looked === undefined && object.size <= TINY_BYTES ? TINY_WEIGHT : 1;
    this.looked = looked ?? Promise.resolve({ verdict: "maybe", object });
    // A failure ahead of the reader waits for its turn.
    this.looked.catch(() => {});
  }

  open(signal: AbortSignal): void {
    this.looked = this.looked.then((look) => {
      const { object, verdict } = look;
      if (this.#isClosed || verdict !== "maybe" || !isReadWhole(object)) return look;
      if (object.size <= SMALL_BYTES) {
        const bytes = object.read(signal);
        // A failure ahead of the reader waits for its turn.
        bytes.catch(() => {});
        this.#release = () => {
          bytes.then(
            (held) => held !== undefined && object.release?.(held),
            () => {},
          );
        };
        return { ...look, object: { ...object, read: () => bytes } };
      }
      this.#body = object.open(signal);
      return { ...look, object: opened(object, this.#body) };
    });
    this.looked.catch(() => {});
  }

  close(): void {
    this.#isClosed = true;
    this.#body?.destroy();
  }

  /** When its reader has come to its end: one that breaks off may leave somebody who reads on for a moment. */
  release(): void {
    this.#release?.();
  }
}

/** Large Parquet files are read by ranges that the reader alone knows. */
function isReadWhole({ format, size }: LogObject): boolean {
  return format !== "parquet" || size <= PARQUET_WHOLE_BYTES;
}

/** The object, whose bytes are on their way. */
function opened(object: LogObject, body: Readable): LogObject {
  let taken = false;
  return {
    ...object,
    open: (signal, range) => {
      if (taken || range !== undefined) return object.open(signal, range);
      taken = true;
      return body;
    },
  };
}
