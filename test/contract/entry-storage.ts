import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Entry, type EntryQuery, keyOf } from "../../src/entry.js";
import { Scope } from "../../src/scope.js";
import type { EntryStorage, Storage } from "../../src/storage/storage.js";
import { type GraphId, TimeWindow } from "../../src/window.js";
import { bytesOf } from "../support/bytes-of.js";
import { graphId } from "../support/graph-id.js";
import { unfenced } from "../support/store-options.js";
import type { StorageUnderTest } from "./storage.js";

function at(hour: number): string {
  return new Date(Date.UTC(2019, 5, 1, hour)).toISOString();
}

/** A window of so many hours that ends at this hour of 1 June 2019. */
function windowTo(hour: number, hours = 1): TimeWindow {
  return TimeWindow.parse(at(hour - hours), at(hour));
}

function entryOf({ id, start, stop }: TimeWindow, more: Partial<Entry> = {}): Entry {
  return { id, start, stop, size: 1000, ...more };
}

/** What every Storage that keeps a list promises of it. `open` is called for each test. */
export function entryStorageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the contract of EntryStorage`, () => {
    let subject: StorageUnderTest;
    let storage: Storage;
    let entries: EntryStorage;

    beforeEach(async () => {
      subject = await open();
      storage = subject.storage;
      if (storage.entries === undefined) throw new Error("it keeps no entries");
      entries = storage.entries;
    });
    afterEach(async () => {
      try {
        await expect.poll(() => subject.leftovers()).toEqual([]);
      } finally {
        await subject.close();
      }
    });

    const putAll = (windows: readonly TimeWindow[], signal: AbortSignal) =>
      Promise.all(windows.map((window) => entries.put(entryOf(window), signal)));
    const listed = async (signal: AbortSignal, query: Partial<EntryQuery> = {}) =>
      (await entries.list({ limit: 100, ...query }, signal)).refs.map(({ stop }) => stop.slice(11, 13));
    const putGraph = (id: GraphId, signal: AbortSignal) =>
      storage.store(id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(signal));

    test("an entry comes back as it was put, and the next takes its place", async ({ signal }) => {
      const window = windowTo(1);
      expect(await entries.get(window, signal)).toBeUndefined();
      const first = entryOf(window, {
        nodes: 2,
        edges: 3,
        bytes: 400,
        rejected: 1,
        incomplete: true,
        scope: Scope.parse("account=111122223333 vpc=vpc-1"),
        table: true,
      });
      await entries.put(first, signal);
      expect(await entries.get(window, signal)).toEqual(first);
      const second = entryOf(window, { size: 7, findings: { high: 1, medium: 0, low: 2 } });
      await entries.put(second, signal);
      expect(await entries.get(window, signal)).toEqual(second);
      expect(await entries.list({ limit: 10 }, signal)).toEqual({
        refs: [{ id: window.id, start: window.start, stop: window.stop }],
        next: undefined,
      });
    });

    test("they say nothing of graphs", async ({ signal }) => {
      const window = windowTo(1);
      await putAll([window], signal);
      expect(await storage.head(window.id, signal)).toBeUndefined();
      expect(await storage.edges?.open(window.id, signal)).toBeUndefined();
    });

    test("the window that ends last comes first, of those that end together the one that begins last", async ({
      signal,
    }) => {
      const early = TimeWindow.parse("0001-01-01T00:00:00Z", "0001-01-01T00:01:00Z");
      const late = TimeWindow.parse("9999-12-31T23:58:00Z", "9999-12-31T23:59:00Z");
      const before1970 = TimeWindow.parse("1969-12-31T23:58:00Z", "1969-12-31T23:59:00Z");
      const order = [late, windowTo(23), windowTo(23, 24), windowTo(5), windowTo(4, 2), before1970, early];
      await putAll(order.toReversed(), signal);
      const { refs } = await entries.list({ limit: 100 }, signal);
      expect(refs).toEqual(order.map(({ id, start, stop }) => ({ id, start, stop })));
    });

    test("pages follow one another without a gap, also when entries come and go", async ({ signal }) => {
      await putAll(
        Array.from({ length: 9 }, (_, hour) => windowTo(hour + 1)),
        signal,
      );
      const first = await entries.list({ limit: 4 }, signal);
      expect(first.refs.map(({ stop }) => stop.slice(11, 13))).toEqual(["09", "08", "07", "06"]);
      expect(first.next).toBe(keyOf(windowTo(6)));
      await Promise.all([
        entries.remove(windowTo(6), signal),
        entries.remove(windowTo(4), signal),
        entries.put(entryOf(windowTo(10)), signal),
      ]);
      const second = await entries.list({ limit: 4, after: first.next }, signal);
      expect(second.refs.map(({ stop }) => stop.slice(11, 13))).toEqual(["05", "03", "02", "01"]);
      expect(second.next).toBeUndefined();
      expect(await listed(signal, { limit: 1, after: keyOf(windowTo(2)) })).toEqual(["01"]);
      expect(await listed(signal, { after: keyOf(windowTo(1)) })).toEqual([]);
    });

    test("from and to bound the ends of windows", async ({ signal }) => {
      await putAll(
        Array.from({ length: 6 }, (_, hour) => windowTo(hour + 1)),
        signal,
      );
      const [two, four] = [windowTo(2).stopDate, windowTo(4).stopDate];
      expect(await listed(signal, { from: two })).toEqual(["06", "05", "04", "03"]);
      expect(await listed(signal, { to: four })).toEqual(["04", "03", "02", "01"]);
      expect(await listed(signal, { from: two, to: four })).toEqual(["04", "03"]);
      expect(await entries.list({ from: two, to: four, limit: 2 }, signal)).toMatchObject({
        next: undefined,
      });
      const page = await entries.list({ from: two, to: four, limit: 1 }, signal);
      expect(await listed(signal, { from: two, to: four, limit: 5, after: page.next })).toEqual(["03"]);
      expect(await listed(signal, { from: windowTo(9).stopDate })).toEqual([]);
    });

    test("graphs without an entry are counted, and entries without a graph aren't", async ({ signal }) => {
      expect(await entries.unlisted(signal)).toBe(0);
      await putGraph(windowTo(1).id, signal);
      await putGraph(windowTo(2).id, signal);
      await putGraph(graphId(1), signal);
      await putAll([windowTo(2), windowTo(3)], signal);
      expect(await entries.unlisted(signal)).toBe(2);
      await putAll([windowTo(1)], signal);
      expect(await entries.unlisted(signal)).toBe(1);
    });

    test("what is removed is gone, and what isn't there may be removed", async ({ signal }) => {
      const window = windowTo(1);
      const { id } = window;
      for (const isThere of [false, true]) {
        if (isThere) {
          await putGraph(id, signal);
          await storage.edges?.store(id, Readable.from([Buffer.alloc(100)]), unfenced(signal));
          await putAll([window, windowTo(2)], signal);
        }
        await storage.remove?.(id, signal);
        expect(await storage.head(id, signal)).toBeUndefined();
        expect(await storage.get(id, signal)).toBeUndefined();
        expect(await storage.edges?.open(id, signal)).toBeUndefined();
        await entries.remove(window, signal);
        expect(await entries.get(window, signal)).toBeUndefined();
      }
      expect(await listed(signal)).toEqual(["02"]);
      // Its edges went as well: another graph under the id has none.
      await putGraph(id, signal);
      expect(await storage.edges?.open(id, signal)).toBeUndefined();
    });

    test("whoever reads a graph that is removed reads it to the end, or fails as a broken read does", async ({
      signal,
    }) => {
      const bytes = Buffer.concat([gzipSync(""), Buffer.alloc(9_000_000, 7)]);
      await storage.store(graphId(1), Readable.from([bytes], { objectMode: false }), unfenced(signal));
      const stored = await storage.get(graphId(1), signal);
      await storage.remove?.(graphId(1), signal);
      const read = await bytesOf(stored?.body ?? Buffer.alloc(0)).catch((error: unknown) => error);
      if (Buffer.isBuffer(read)) expect(read.equals(bytes)).toBe(true);
      else expect(read).toMatchObject({ dependency: "storage", transient: true });
    });

    test("an abort: the signal's reason", async () => {
      const reason = new Error("stopping");
      const aborted = AbortSignal.abort(reason);
      const window = windowTo(1);
      for (const call of [
        () => entries.put(entryOf(window), aborted),
        () => entries.get(window, aborted),
        () => entries.list({ limit: 1 }, aborted),
        () => entries.remove(window, aborted),
        () => entries.unlisted(aborted),
        async () => storage.remove?.(window.id, aborted),
      ]) {
        await expect(call()).rejects.toBe(reason);
      }
    });
  });
}
