import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import { HttpError } from "./errors.js";

const waiting = new WeakMap<Socket, Set<() => void>>();

function waitingFor(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const ends = new Set<() => void>();
  waiting.set(socket, ends);
  // One listener a connection, however many requests are pipelined over it.
  socket.once("close", () => {
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
  const ends = waitingFor(socket);
  const end = () => {
    if (ends.delete(end)) callback();
  };
  ends.add(end);
  reply.raw.once("close", end);
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
