import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import { HttpError } from "./errors.js";

const waiting = new WeakMap<ServerResponse | Socket, Set<() => void>>();

/** What is called when it closes. One listener each, however much asks: Node takes more than ten for a leak. */
function atClose(emitter: ServerResponse | Socket): Set<() => void> {
  const known = waiting.get(emitter);
  if (known !== undefined) return known;
  const ends = new Set<() => void>();
  waiting.set(emitter, ends);
  emitter.once("close", () => {
    for (const end of ends) end();
  });
  return ends;
}

/**
 * Calls back once, when the answer has closed or, should that come first, its connection: Node emits no `close` on an
 * answer that waits behind another of its connection when that is reset.
 */
export function whenEnded(reply: FastifyReply, callback: () => void): void {
  const { socket } = reply.request.raw;
  if (socket.destroyed) {
    callback();
    return;
  }
  const both = [atClose(reply.raw), atClose(socket)];
  const end = () => {
    for (const ends of both) ends.delete(end);
    callback();
  };
  for (const ends of both) ends.add(end);
}

/** Aborts when the caller hangs up. */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenEnded(reply, () => {
    // Nobody reads this answer; its status is for the log, as nginx has it.
    if (!reply.raw.writableFinished) controller.abort(new HttpError(499, "the caller hung up"));
  });
  return controller.signal;
}
