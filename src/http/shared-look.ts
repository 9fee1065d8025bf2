import type { FastifyReply } from "fastify";
import { allOrNothing } from "../deadline.js";
import type { TimeWindow } from "../window.js";
import { callerGone, whenEnded } from "./request-end.js";

type Look<Found> = (window: TimeWindow, signal: AbortSignal) => Promise<Found>;

/**
 * Looks for graphs, of which those asked for in one turn of the event loop are one. It begins when they all have asked, so that
 * each sees what was there after it asked. A look takes threads of Node's pool, deadlines and statistics, which together cost
 * more than a small answer. It is aborted when all who asked have hung up.
 */
export class SharedLook<Found> {
  readonly #look: Look<Found>;
  readonly #asked = new Map<string, Shared<Found>>();

  constructor(look: Look<Found>) {
    this.#look = look;
  }

  at(window: TimeWindow, reply: FastifyReply): Promise<Found> {
    let shared = this.#asked.get(window.id);
    if (shared === undefined) {
      shared = new Shared((signal) => {
        this.#asked.delete(window.id);
        return this.#look(window, signal);
      });
      this.#asked.set(window.id, shared);
    }
    return shared.join(reply);
  }
}

class Shared<Found> {
  readonly #found: Promise<Found>;
  readonly #ended = allOrNothing();
  #callers = 0;
  #looking = false;

  constructor(look: (signal: AbortSignal) => Promise<Found>) {
    this.#found = this.#begin(look);
  }

  join(reply: FastifyReply): Promise<Found> {
    this.#callers++;
    whenEnded(reply, this.#leave);
    return this.#found;
  }

  async #begin(look: (signal: AbortSignal) => Promise<Found>): Promise<Found> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#looking = true;
    this.#abortUnlessAsked();
    try {
      return await look(this.#ended.signal);
    } finally {
      this.#looking = false;
    }
  }

  readonly #leave = () => {
    this.#callers--;
    this.#abortUnlessAsked();
  };

  #abortUnlessAsked(): void {
    // Before it begins, others may ask; when it has ended, whoever got a body lets go of it.
    if (this.#looking && this.#callers === 0) this.#ended.abort(callerGone());
  }
}
