import { buffer } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Digest, Digester } from "../../src/digester/digester.js";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import type { TimeWindow } from "../../src/window.js";
import { watchResources } from "../support/resources.js";

/** A Digester over a source that a test may break. */
export interface DigesterSubject {
  readonly digester: Digester;
  /** A window whose digest is at least a mebibyte, so that it can't all be on its way at once. */
  readonly window: TimeWindow;
  /** That digest, expanded. */
  readonly digest: string;
  /** From now on the source fails. */
  breakSource(): void | Promise<void>;
  /** Ends what was set up beside the digester. */
  close(): void | Promise<void>;
}

async function read({ body }: Digest): Promise<string> {
  const bytes = await buffer(body);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString();
}

/** What the port promises, for every implementation. `open` is called for each test. */
export function testDigester(name: string, open: () => Promise<DigesterSubject>): void {
  describe(`${name} is a Digester`, () => {
    const never = new AbortController().signal;
    let subject: DigesterSubject;
    let nothingLeft: () => Promise<void>;

    beforeEach(async () => {
      subject = await open();
      nothingLeft = watchResources();
      await subject.digester.start?.();
    });

    afterEach(async () => {
      await subject.digester.stop?.();
      await nothingLeft();
      await subject.close();
    });

    test("gives the whole digest, and is ready to", async () => {
      await subject.digester.ready?.(never);
      expect(await read(await subject.digester.digest(subject.window, never))).toBe(subject.digest);
    });

    test("serves concurrent calls, of one window too", async () => {
      const calls = Array.from({ length: 4 }, async () => {
        return read(await subject.digester.digest(subject.window, never));
      });
      expect(new Set(await Promise.all(calls))).toEqual(new Set([subject.digest]));
    });

    test("does nothing for a signal that is aborted already", async () => {
      const reason = new Error("stopping");
      await expect(subject.digester.digest(subject.window, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test("ends with the signal's reason when it is aborted on the way", async () => {
      const reason = new Error("stopping");
      const controller = new AbortController();
      const call = subject.digester.digest(subject.window, controller.signal).then(read);
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
    });

    test("ends the body with the signal's reason", async () => {
      const reason = new Error("stopping");
      const controller = new AbortController();
      const { body } = await subject.digester.digest(subject.window, controller.signal);
      const call = pipeline(body, async (chunks) => {
        for await (const _ of chunks) controller.abort(reason);
      });
      await expect(call).rejects.toBe(reason);
    });

    test("ends a body that nobody reads when the signal aborts", async () => {
      const reason = new Error("stopping");
      const controller = new AbortController();
      const { body } = await subject.digester.digest(subject.window, controller.signal);
      controller.abort(reason);
      await expect(finished(body)).rejects.toBe(reason);
    });

    test("tears down when the reader destroys the body, and serves the next call", async () => {
      const { body } = await subject.digester.digest(subject.window, never);
      body.destroy();
      await expect.poll(() => body.closed).toBe(true);
      expect(await read(await subject.digester.digest(subject.window, never))).toBe(subject.digest);
    });

    test("fails with the port's errors, and never by ending early", async () => {
      await subject.breakSource();
      const error = await subject.digester
        .digest(subject.window, never)
        .then(read)
        .catch((error: unknown) => error);
      expect(error).toSatisfy(
        (error) =>
          error instanceof CorruptInputError ||
          (error instanceof DependencyError && error.dependency === "digester"),
      );
    });
  });
}
