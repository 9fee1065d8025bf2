import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Claim, Marker } from "../../src/marker/marker.js";
import type { GraphId } from "../../src/window.js";
import { graphId } from "../support/graph-id.js";

export interface MarkerUnderTest {
  /** Started, and holding nothing. */
  readonly marker: Marker;
  /** Another over the same store, as another process has it; the same one where processes can't share. */
  readonly peer: Marker;
  /** Writes this text as the record of the id, as another program would. Absent where no other program can write. */
  readonly plant?: (id: GraphId, text: string) => Promise<void>;
  /** Names what is there besides records: temporary files, open handles and sockets in use. */
  leftovers(): Promise<string[]>;
  /** Stops the markers, and whatever they were given to run on. */
  close(): Promise<void>;
}

const id = graphId(1);

function claimOf(token: string): Claim {
  return {
    token,
    start: "2019-06-01T00:00:00Z",
    stop: "2019-06-01T01:00:00Z",
    refresh: false,
    state: "queued",
  };
}

/** The one that isn't `lost`; fails when there are none or several. */
function onlyWinner<T>(answers: readonly T[], lost: T): number {
  const winners = [...answers.keys()].filter((n) => answers[n] !== lost);
  expect(winners).toHaveLength(1);
  return winners[0] ?? -1;
}

/** What every Marker promises. `open` is called for each test. */
export function markerContract(name: string, open: () => Promise<MarkerUnderTest>): void {
  describe(`${name} keeps the contract of Marker`, () => {
    let subject: MarkerUnderTest;
    let marker: Marker;
    let both: [Marker, Marker];

    beforeEach(async () => {
      subject = await open();
      marker = subject.marker;
      both = [subject.marker, subject.peer];
    });

    afterEach(async () => {
      try {
        await expect.poll(() => subject.leftovers()).toEqual([]);
      } finally {
        await subject.close();
      }
    });

    async function created(claim: Claim, signal: AbortSignal): Promise<string> {
      const version = await marker.create(id, claim, signal);
      if (version === undefined) throw new Error("expected to create a record where there is none");
      return version;
    }

    async function listed(signal: AbortSignal): Promise<{ id: GraphId; version: string }[]> {
      const records = [];
      for await (const record of marker.list(signal)) records.push(record);
      return records;
    }

    /** Calls many times at once, half through each marker. */
    function race<T>(calls: number, call: (marker: Marker, n: number) => Promise<T>): Promise<T[]> {
      return Promise.all(Array.from({ length: calls }, (_, n) => call(both[n % 2 === 0 ? 0 : 1], n)));
    }

    test("is ready", async ({ signal }) => {
      await marker.ready?.(signal);
    });

    test("where there is no record, nothing is read, replaced, removed or listed", async ({ signal }) => {
      const version = await created(claimOf("a"), signal);
      expect(await marker.remove(id, version, signal)).toBe(true);
      for (const absent of [id, graphId(2)]) {
        expect(await marker.read(absent, signal)).toBeUndefined();
        expect(await marker.replace(absent, version, claimOf("b"), signal)).toBeUndefined();
        expect(await marker.remove(absent, version, signal)).toBe(false);
        expect(await marker.read(absent, signal)).toBeUndefined();
      }
      expect(await listed(signal)).toEqual([]);
    });

    test("a record comes back as it was written, through every process", async ({ signal }) => {
      const first = claimOf("a");
      const version = await created(first, signal);
      const full: Claim = {
        ...first,
        refresh: true,
        state: "failed",
        holder: "worker-1",
        reason: 'The digest is "corrupt": ünïcode, \n and all.',
        notBefore: "2019-06-01T01:05:00Z",
      };
      for (const each of both) {
        const record = await each.read(id, signal);
        expect(record).toEqual({ claim: first, version, ageMs: expect.any(Number) as unknown });
        expect(record?.ageMs).toBeGreaterThanOrEqual(0);
        expect(record?.ageMs).toBeLessThan(60_000);
      }
      const next = await marker.replace(id, version, full, signal);
      for (const each of both)
        expect(await each.read(id, signal)).toMatchObject({ claim: full, version: next });
    });

    test("a record is created once", async ({ signal }) => {
      const version = await created(claimOf("a"), signal);
      for (const each of both) expect(await each.create(id, claimOf("b"), signal)).toBeUndefined();
      expect(await marker.read(id, signal)).toMatchObject({ claim: claimOf("a"), version });
    });

    test("of 50 concurrent creators one wins, in every round", async ({ signal }) => {
      for (let round = 0; round < 5; round += 1) {
        const versions = await race(50, (each, n) => each.create(id, claimOf(`${n}`), signal));
        const winner = onlyWinner(versions, undefined);
        const version = versions[winner] ?? "";
        expect(await marker.read(id, signal)).toMatchObject({ claim: claimOf(`${winner}`), version });
        expect(await marker.remove(id, version, signal)).toBe(true);
      }
    });

    test("of 20 concurrent replacers one wins, in every round", async ({ signal }) => {
      let version = await created(claimOf("a"), signal);
      for (let round = 0; round < 5; round += 1) {
        const old = version;
        const versions = await race(20, (each, n) => each.replace(id, old, claimOf(`${n}`), signal));
        const winner = onlyWinner(versions, undefined);
        version = versions[winner] ?? "";
        expect(await marker.read(id, signal)).toMatchObject({ claim: claimOf(`${winner}`), version });
      }
    });

    test("of concurrent replacers and removers one wins, in every round", async ({ signal }) => {
      for (let round = 0; round < 10; round += 1) {
        const old = await created(claimOf("a"), signal);
        const answers = await race(10, async (each, n) =>
          n % 3 === 0
            ? (await each.remove(id, old, signal)) && "removed"
            : ((await each.replace(id, old, claimOf(`${n}`), signal)) ?? false),
        );
        const winner = answers[onlyWinner(answers, false)];
        const record = await marker.read(id, signal);
        expect(record?.version).toBe(winner === "removed" ? undefined : winner);
        if (record !== undefined) expect(await marker.remove(id, record.version, signal)).toBe(true);
      }
    });

    test("creators, replacers and removers in a crowd: never two who hold one record", async ({ signal }) => {
      let holders = 0;
      let held = 0;
      await race(8, async (each, n) => {
        for (let turn = 0; turn < 10; turn += 1) {
          const version = await each.create(id, claimOf(`${n}`), signal);
          if (version === undefined) continue;
          holders += 1;
          held += 1;
          expect(holders).toBe(1);
          const renewed = await each.replace(id, version, claimOf(`${n}`), signal);
          expect(holders).toBe(1);
          expect((await each.read(id, signal))?.version).toBe(renewed);
          holders -= 1;
          expect(await each.remove(id, renewed ?? "", signal)).toBe(true);
        }
      });
      expect(held).toBeGreaterThan(0);
      expect(await marker.read(id, signal)).toBeUndefined();
    });

    test("readers of a record that is being replaced see a whole one, never none", async ({ signal }) => {
      let version = await created(claimOf("0"), signal);
      const written = new Map([[version, "0"]]);
      const writing = new AbortController();
      const seen: { version: string; token: string | undefined }[] = [];
      const readers = both.map(async (each) => {
        while (!writing.signal.aborted) {
          const record = await each.read(id, signal);
          if (record === undefined) throw new Error("the record was gone while it was replaced");
          seen.push({ version: record.version, token: record.claim?.token });
        }
      });
      const writer = (async () => {
        try {
          for (let n = 1; n <= 40; n += 1) {
            version = (await marker.replace(id, version, claimOf(`${n}`), signal)) ?? "";
            written.set(version, `${n}`);
          }
        } finally {
          writing.abort();
        }
      })();
      await Promise.all([writer, ...readers]);
      expect(seen.length).toBeGreaterThan(0);
      for (const { version, token } of seen) expect(token).toBe(written.get(version));
    });

    test("an old version is refused, also after the very same record was made anew", async ({ signal }) => {
      const claim = claimOf("a");
      const versions = [await created(claim, signal)];
      for (let n = 0; n < 3; n += 1) {
        const version = await marker.replace(id, versions.at(-1) ?? "", claim, signal);
        expect(await marker.remove(id, version ?? "", signal)).toBe(true);
        versions.push(version ?? "", await created(claim, signal));
      }
      expect(new Set(versions).size).toBe(versions.length);
      const current = versions.pop();
      for (const old of versions) {
        expect(await marker.replace(id, old, claimOf("b"), signal)).toBeUndefined();
        expect(await marker.remove(id, old, signal)).toBe(false);
      }
      expect(await marker.read(id, signal)).toMatchObject({ claim, version: current });
    });

    test("every record is listed once", async ({ signal }) => {
      const records: { id: GraphId; version: string | undefined }[] = await Promise.all(
        Array.from({ length: 25 }, async (_, n) => ({
          id: graphId(n),
          version: await marker.create(graphId(n), claimOf(`${n}`), signal),
        })),
      );
      const gone = records.pop();
      if (gone !== undefined) await marker.remove(gone.id, gone.version ?? "", signal);
      const [replaced] = records;
      if (replaced !== undefined) {
        replaced.version = await marker.replace(replaced.id, replaced.version ?? "", claimOf("b"), signal);
      }
      const found = await listed(signal);
      expect(found).toHaveLength(records.length);
      expect(found).toEqual(expect.arrayContaining(records));
    });

    test("age grows, and starts anew when the record is replaced", async ({ signal }) => {
      const version = await created(claimOf("a"), signal);
      const age = async () => (await subject.peer.read(id, signal))?.ageMs;
      // Two seconds, since a store may count in whole ones.
      await expect.poll(age, { interval: 100 }).toBeGreaterThanOrEqual(2000);
      const began = performance.now();
      await marker.replace(id, version, claimOf("a"), signal);
      const anew = await age();
      expect(anew).toBeLessThan(1000 + performance.now() - began);
    });

    test.for(["2019-06-01T00:00:00.123456789Z", "", "{}", '{"token":1}', "\0\xff"])(
      "a foreign record, %j, is a record without a claim",
      async (text, { signal, skip }) => {
        const plant = subject.plant ?? skip("no other program can write there");
        await plant(id, text);
        const record = await marker.read(id, signal);
        expect(record).toMatchObject({ claim: null, version: expect.any(String) as unknown });
        expect(record?.ageMs).toBeGreaterThanOrEqual(0);
        const version = record?.version ?? "";
        expect(await listed(signal)).toEqual([{ id, version }]);
        expect(await marker.create(id, claimOf("a"), signal)).toBeUndefined();
        const next = await marker.replace(id, version, claimOf("a"), signal);
        expect(next).toEqual(expect.any(String));
        expect(await marker.remove(id, version, signal)).toBe(false);
        expect(await marker.remove(id, next ?? "", signal)).toBe(true);

        await plant(id, text);
        const again = await marker.read(id, signal);
        expect(await marker.remove(id, again?.version ?? "", signal)).toBe(true);
        expect(await marker.read(id, signal)).toBeUndefined();
      },
    );

    test("a signal that has aborted already: its reason, and nothing is done", async ({ signal }) => {
      const version = await created(claimOf("a"), signal);
      const reason = new Error("stopping");
      const aborted = AbortSignal.abort(reason);
      await expect(marker.read(id, aborted)).rejects.toBe(reason);
      await expect(marker.create(graphId(2), claimOf("b"), aborted)).rejects.toBe(reason);
      await expect(marker.replace(id, version, claimOf("b"), aborted)).rejects.toBe(reason);
      await expect(marker.remove(id, version, aborted)).rejects.toBe(reason);
      await expect(listed(aborted)).rejects.toBe(reason);
      expect(await listed(signal)).toEqual([{ id, version }]);
      expect(await marker.read(id, signal)).toMatchObject({ claim: claimOf("a"), version });
    });
  });
}
