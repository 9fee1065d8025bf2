import { readdirSync, readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bodyOf } from "../support/digest-body.js";
import type { Digest, Digester } from "../../src/digester/digester.js";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { TimeWindow } from "../../src/window.js";
import { watchResources } from "../support/resources.js";

/** Flow logs, and the digest of a window that holds all of them. */
interface Fixture {
  readonly logs: string;
  readonly digest: string;
  readonly window: TimeWindow;
}

/** A Digester over a source that a test may break. */
export interface DigesterSubject {
  readonly digester: Digester;
  /** From now on the source holds nothing but these flow logs, or the digest where others have made it. */
  contain(fixture: Fixture): void | Promise<void>;
  /** A window whose digest is at least a mebibyte, so that it can't all be on its way at once. */
  readonly window: TimeWindow;
  /** That digest, expanded. */
  readonly digest: string;
  /** From now on the source fails. */
  breakSource(): void | Promise<void>;
  /** Ends what was set up beside the digester. */
  close(): void | Promise<void>;
}

export async function read(digest: Digest): Promise<string> {
  const bytes = await buffer(bodyOf(digest));
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString();
}

interface Line {
  /** All that tells one from another, ports included. */
  readonly key: string;
  /** The same without ports. */
  readonly flow: string;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly start: number;
  readonly end: number;
}

/** The records that carry traffic, of flow logs and of digests alike. Written apart from what it checks. */
export function linesOf(text: string): Line[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim().split(" "))
    .filter((fields) => fields.length === 14 && fields[0] === "2" && fields[13]?.toUpperCase() === "OK")
    .map((fields) => {
      const [, account, eni, from, to, fromPort, toPort, protocol, packets, bytes, start, end, action] =
        fields;
      // A table knows what an action says, not how it was written.
      const flow = [account, eni, from, to, protocol, action?.toUpperCase()].join(" ");
      return {
        key: `${flow} ${fromPort} ${toPort}`,
        flow,
        packets: BigInt(packets ?? ""),
        bytes: BigInt(bytes ?? ""),
        start: Number(start),
        end: Number(end),
      };
    });
}

export function sumsOf(lines: readonly Line[]): Map<string, readonly [bigint, bigint]> {
  const sums = new Map<string, readonly [bigint, bigint]>();
  for (const { flow, packets, bytes } of lines) {
    const [before, beforeBytes] = sums.get(flow) ?? [0n, 0n];
    sums.set(flow, [before + packets, beforeBytes + bytes]);
  }
  return sums;
}

/** Golden pairs, of all that a record may be. */
const directory = new URL("../fixtures/digest/", import.meta.url);
const fixtures = readdirSync(directory)
  .filter((name) => name.endsWith(".log"))
  .map((name): [string, Fixture] => {
    const logs = readFileSync(new URL(name, directory), "utf8");
    const digest = readFileSync(new URL(name.replace(/log$/, "digest"), directory), "utf8");
    return [name, { logs, digest, window: dayOf(linesOf(logs)[0]?.end ?? 0) }];
  });

/** The day that holds a time, in seconds. */
function dayOf(seconds: number): TimeWindow {
  const day = (n: number) => new Date((Math.floor(seconds / 86_400) + n) * 86_400_000).toISOString();
  return TimeWindow.parse(day(0), day(1));
}

function recordEndingAt(end: number): string {
  return `2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 40000 443 6 3 ${end} 1418530010 ${end} ACCEPT OK`;
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

    describe.for(fixtures)("of the flow logs %s", ([, fixture]) => {
      test("each line is a key of its own, and their sums are those of the records", async () => {
        await subject.contain(fixture);
        const lines = linesOf(await read(await subject.digester.digest(fixture.window, never)));
        const records = linesOf(fixture.logs);
        expect(sumsOf(lines)).toEqual(sumsOf(records));
        expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
        for (const { start, end } of lines) {
          expect(start).toBe(Math.min(...records.map((record) => record.start)));
          expect(end).toBe(Math.max(...records.map((record) => record.end)));
        }
      });

      test("the end that doesn't serve has no port, and the same logs give the same bytes", async () => {
        await subject.contain(fixture);
        const digest = await read(await subject.digester.digest(fixture.window, never));
        expect(
          linesOf(digest)
            .map(({ key }) => key)
            .toSorted(),
        ).toEqual(
          linesOf(fixture.digest)
            .map(({ key }) => key)
            .toSorted(),
        );
        expect(await read(await subject.digester.digest(fixture.window, never))).toBe(digest);
      });
    });

    test("a record belongs to the window that its end is in", async () => {
      const [first, stop] = [subject.window.startDate, subject.window.stopDate].map(
        (date) => date.getTime() / 1000,
      );
      if (first === undefined || stop === undefined) throw new Error("expected a window");
      const logs = [first - 1, first, stop - 1, stop].map((end) => `${recordEndingAt(end)}\n`).join("");
      const inside = [first, stop - 1].map((end) => `${recordEndingAt(end)}\n`).join("");
      const sums = sumsOf(linesOf(inside));
      const [[flow, [packets, bytes]] = ["", [0n, 0n]]] = sums;
      const [account, eni, from, to] = flow.split(" ");
      const digest = `2 ${account} ${eni} ${from} ${to} 0 443 6 ${packets} ${bytes} 1418530010 ${stop - 1} ACCEPT OK\n`;
      await subject.contain({ logs, digest, window: subject.window });
      const lines = linesOf(await read(await subject.digester.digest(subject.window, never)));
      expect(sumsOf(lines)).toEqual(sums);
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
      const digest = await subject.digester.digest(subject.window, controller.signal);
      // One that becomes a graph elsewhere is all there before its first line.
      const whole = { parquet: false, onRead: () => undefined };
      const body = "convert" in digest ? digest.convert(whole).body : bodyOf(digest);
      const call = pipeline(body, async (chunks) => {
        for await (const _ of chunks) controller.abort(reason);
      });
      await expect(call).rejects.toBe(reason);
    });

    test("ends a body that nobody reads when the signal aborts", async () => {
      const reason = new Error("stopping");
      const controller = new AbortController();
      const body = bodyOf(await subject.digester.digest(subject.window, controller.signal));
      controller.abort(reason);
      await expect(buffer(body)).rejects.toBe(reason);
    });

    test("tears down when the reader destroys the body, and serves the next call", async () => {
      const body = bodyOf(await subject.digester.digest(subject.window, never));
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
