import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DiskMarker } from "../../src/marker/disk.js";
import type { Claim } from "../../src/marker/marker.js";
import { markerContract } from "../contract/marker.js";
import { graphId } from "../support/graph-id.js";
import { type TemporaryDir, temporaryDir } from "../support/temporary-dir.js";

const VERSION = "00000000-0000-4000-8000-000000000000";

/** A live record is its directory, one pointer and the text of that version: anything else was left behind. */
function besidesRecords(names: readonly string[]): string[] {
  const expected = new Set(["claims", "claims/.tmp"]);
  for (const name of names) {
    const [, dir, version] = /^(claims\/[0-9a-f-]{36}_in_progress)\/claim\.([0-9a-f-]{36})$/.exec(name) ?? [];
    if (dir !== undefined) expected.add(dir).add(name).add(`${dir}/${version}.json`);
  }
  return names.filter((name) => !expected.has(name));
}

markerContract("DiskMarker", async () => {
  const dir = await temporaryDir();
  const [marker, peer] = [1, 2].map(() => new DiskMarker({ dir: dir.path, staleMs: 60_000 }));
  if (marker === undefined || peer === undefined) throw new Error("two markers were made");
  await marker.start();
  await peer.start();
  return {
    marker,
    peer,
    plant: async (id, text) => {
      const record = join(dir.path, "claims", `${id}_in_progress`);
      await mkdir(record);
      await writeFile(join(record, `${VERSION}.json`), text, "latin1");
      await writeFile(join(record, `claim.${VERSION}`), "");
    },
    leftovers: async () => {
      const { names, open } = await dir.contents();
      return [...besidesRecords(names), ...open.filter((file) => !file.includes("/.tmp/clock."))];
    },
    close: async () => {
      await marker.stop();
      await peer.stop();
      await dir.remove();
    },
  };
});

describe("DiskMarker", () => {
  const id = graphId(1);
  const claim: Claim = { token: "a", start: "", stop: "", refresh: false, state: "queued" };
  let dir: TemporaryDir;
  let claims: string;
  let record: string;
  let marker: DiskMarker;

  beforeEach(async () => {
    dir = await temporaryDir();
    claims = join(dir.path, "deeper", "claims");
    record = join(claims, `${id}_in_progress`);
    marker = new DiskMarker({ dir: join(dir.path, "deeper"), staleMs: 60_000 });
    await marker.start();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await marker.stop();
    await dir.remove();
  });

  /** What a process leaves that is killed while it removes a record. */
  async function plantDead(): Promise<void> {
    await mkdir(record);
    await writeFile(join(record, `${VERSION}.json`), JSON.stringify(claim));
  }

  test("a directory without a pointer is no record, and another is created in its place", async ({
    signal,
  }) => {
    await plantDead();
    expect(await marker.read(id, signal)).toBeUndefined();
    for await (const listed of marker.list(signal)) expect(listed).toBeUndefined();
    const version = await marker.create(id, claim, signal);
    expect(await marker.read(id, signal)).toMatchObject({ claim, version });
    expect(await readdir(record)).not.toContain(`${VERSION}.json`);
  });

  test("starting clears dead directories and stale temporary ones, and no others", async ({ signal }) => {
    const before = new Date(Date.now() - 61_000);
    for (const name of ["old", "new"]) {
      await mkdir(join(claims, ".tmp", name));
      await writeFile(join(claims, ".tmp", name, "claim.x"), "");
    }
    await utimes(join(claims, ".tmp", "old"), before, before);
    await plantDead();
    const version = await marker.create(graphId(2), claim, signal);
    const next = new DiskMarker({ dir: join(dir.path, "deeper"), staleMs: 60_000 });
    await next.start();
    await next.stop();
    expect(await readdir(join(claims, ".tmp"))).toEqual(["new"]);
    expect((await readdir(claims)).toSorted()).toEqual([".tmp", `${graphId(2)}_in_progress`].toSorted());
    expect(await marker.read(graphId(2), signal)).toMatchObject({ version });
  });

  test("a record whose text a power cut took is a record without a claim", async ({ signal }) => {
    const version = await marker.create(id, claim, signal);
    await rm(join(record, `${version}.json`));
    expect(await marker.read(id, signal)).toMatchObject({ claim: null, version });
    expect(await marker.replace(id, version ?? "", claim, signal)).toEqual(expect.any(String));
  });

  test("age is the file system's, whatever this process's clock says; a clock set back by an hour ages by that", async ({
    signal,
  }) => {
    const version = await marker.create(id, claim, signal);
    const age = async () => (await marker.read(id, signal))?.ageMs ?? Number.NaN;
    const written = (hours: number) => {
      const time = new Date(Date.now() - 3_600_000 * hours);
      return utimes(join(record, `${version}.json`), time, time);
    };
    await written(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    expect(Math.abs((await age()) - 3_600_000)).toBeLessThan(60_000);
    vi.useRealTimers();
    await written(-1);
    expect(Math.abs((await age()) - 3_600_000)).toBeLessThan(60_000);
  });

  test("a data directory that is gone, or a file in the way, is a failure, never an absent record", async ({
    signal,
  }) => {
    await writeFile(record, "");
    const failure = { name: "DependencyError", dependency: "marker" };
    await expect(marker.create(id, claim, signal)).rejects.toMatchObject({
      ...failure,
      transient: false,
      message: expect.stringContaining(record) as unknown,
      cause: expect.objectContaining({ code: "ENOTDIR" }) as unknown,
    });
    await expect(marker.read(id, signal)).rejects.toMatchObject(failure);
    expect(await readdir(join(claims, ".tmp"))).toEqual([]);
    expect(await marker.read(graphId(2), signal)).toBeUndefined();
    await rm(claims, { recursive: true });
    await expect(marker.ready(signal)).rejects.toMatchObject(failure);
    await expect.poll(() => marker.read(id, signal).catch((error) => error)).toMatchObject(failure);
    await expect(marker.read(id, signal)).rejects.toMatchObject(failure);
    await expect(marker.create(id, claim, signal)).rejects.toMatchObject(failure);
    await expect(marker.replace(id, VERSION, claim, signal)).rejects.toMatchObject(failure);
    await expect(marker.remove(id, VERSION, signal)).rejects.toMatchObject(failure);
    await expect(marker.list(signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(failure);
  });
});
