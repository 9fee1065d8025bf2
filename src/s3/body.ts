import { pipeline, Transform, type Readable } from "node:stream";

/**
 * The bytes of an answer, as one port hands them on: errors unless exactly `size` of them came, and with that port's
 * error. Destroying it closes the connection.
 */
export function wholeBody(source: Readable, size: number, toError: (error: Error) => Error): Readable {
  let seen = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(seen === size ? null : new Error(`the body ended after ${seen} bytes of ${size}`));
    },
    destroy(error, done) {
      done(error === null ? null : toError(error));
    },
  });
  // The reader of the body sees the error; there is nobody else to tell.
  pipeline(source, body, () => {});
  return body;
}
