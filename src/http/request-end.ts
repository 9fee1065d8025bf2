import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply } from "fastify";
import { HttpError } from "./errors.js";

declare module "fastify" {
  interface FastifyReply {
    /** Null: nobody waits for it yet. */
    end: RequestEnd | null;
  }
}

/** Of each connection, the answers that haven't ended. One listener each, however many: Node takes more than ten for a leak. */
const openOn = new WeakMap<Socket, Set<RequestEnd>>();

function openAnswersOf(socket: Socket): Set<RequestEnd> {
  const known = openOn.get(socket);
  if (known !== undefined) return known;
  const open = new Set<RequestEnd>();
  openOn.set(socket, open);
  socket.once("close", () => {
    for (const end of open) end.come();
  });
  return open;
}

/**
 * When the answer has closed or, should that come first, its connection: Node emits no `close` on an answer that waits behind
 * another of its connection when that is reset.
 */
class RequestEnd {
  readonly #open: Set<RequestEnd>;
  #waiting: (() => void)[] | undefined = [];

  constructor({ raw, request }: FastifyReply) {
    this.#open = openAnswersOf(request.raw.socket);
    this.#open.add(this);
    raw.on("close", () => this.come());
  }

  /** Calls back once; at once if it has come. */
  tell(callback: () => void): void {
    if (this.#waiting === undefined) callback();
    else this.#waiting.push(callback);
  }

  come(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#open.delete(this);
    for (const callback of waiting) callback();
  }
}

/** To be called before `whenEnded`. */
export function watchEnds(app: FastifyInstance): void {
  app.decorateReply("end", null);
}

/** Calls back once, when the answer has closed or its connection. */
export function whenEnded(reply: FastifyReply, callback: () => void): void {
  if (reply.request.raw.socket.destroyed) callback();
  else (reply.end ??= new RequestEnd(reply)).tell(callback);
}

/** Aborts when the caller hangs up. */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenEnded(reply, () => {
    // Nobody reads this answer; its status is for the log, as nginx has it.
    if (!reply.raw.writableFinished) controller.abort(callerGone());
  });
  return controller.signal;
}

/** Why nobody waits for an answer any more. */
export function callerGone(): HttpError {
  return new HttpError(499, "the caller hung up");
}
