import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { whenEnded } from "./request-end.js";

function reset(socket: Socket): void {
  // Only TCP knows a reset; a connection that is gone has no family any more.
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** Over HTTP/1.0 an orderly end of the connection is the end of the body, so that a cut graph would look whole. */
function breakOff({ raw }: FastifyReply): void {
  // Nothing of it was sent: the error handler answers.
  if (!raw.headersSent) return;
  if (raw.socket === null) raw.once("socket", reset);
  else reset(raw.socket);
}

/**
 * Lets go of a body that is a stream when its request ends, and resets the connection when the body fails in the middle.
 * To be called before routes are registered.
 *
 * @returns a function that breaks off all bodies that are being sent
 */
export function watchBodies(app: FastifyInstance): () => void {
  const sending = new Set<FastifyReply>();
  app.addHook("onSend", (_request, reply, body, done) => {
    if (body instanceof Readable) {
      sending.add(reply);
      body.once("error", () => breakOff(reply));
      whenEnded(reply, () => {
        sending.delete(reply);
        body.destroy();
      });
    }
    done();
  });
  return () => {
    for (const reply of sending) breakOff(reply);
  };
}
