import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DiskStorage } from "../../src/storage/disk.js";
import { storageContract } from "../contract/storage.js";
import { graphId } from "../support/graph-id.js";
import { type TemporaryDir, temporaryDir } from "../support/temporary-dir.js";
import { unfenced } from "../support/store-options.js";

storageContract("DiskStorage", async () => {
  const dir = await temporaryDir();
  const storage = new DiskStorage({ dir: dir.path, staleMs: 60_000 });
  await storage.start();
  return {
    storage,
    plant: (id, bytes) => writeFile(join(dir.path, "graphs", `${id}.dot`), bytes),
    leftovers: async () => {
      const { names, open } = await dir.contents();
      return [
        ...names.filter(
          (name) =>
            !/^graphs(\/\.tmp|\/entries|\/entries\/[0-9a-f-]+\.json|\/[0-9a-f-]{36}\.(?:dot|parquet))?$/.test(
              name,
            ),
        ),
        ...open,
      ];
    },
    close: () => dir.remove(),
  };
});

function emptyGraph(): Readable {
  return Readable.from([gzipSync("digraph {\n}\n")]);
}

describe("DiskStorage", () => {
  const id = graphId(1);
  let dir: TemporaryDir;
  let graphs: string;
  let storage: DiskStorage;

  beforeEach(async () => {
    dir = await temporaryDir();
    graphs = join(dir.path, "deeper", "graphs");
    storage = new DiskStorage({ dir: join(dir.path, "deeper"), staleMs: 60_000 });
    await storage.start();
  });
  afterEach(() => dir.remove());

  test("a file that can't be opened is a failure with its path and cause, never an absent graph", async ({
    signal,
  }) => {
    const path = join(graphs, `${id}.dot`);
    await symlink(path, path);
    const failure = {
      name: "DependencyError",
      dependency: "storage",
      transient: false,
      message: expect.stringContaining(path) as unknown,
      cause: expect.objectContaining({ code: "ELOOP" }) as unknown,
    };
    await expect(storage.head(id, signal)).rejects.toMatchObject(failure);
    await expect(storage.get(id, signal)).rejects.toMatchObject(failure);
  });

  test("a data directory that is gone is a failure, never an absent graph", async ({ signal }) => {
    expect(await storage.head(id, signal)).toBeUndefined();
    await rm(graphs, { recursive: true });
    const failure = { name: "DependencyError", dependency: "storage", transient: true };
    await expect.poll(() => storage.head(id, signal).catch((error) => error)).toMatchObject(failure);
    await expect(storage.ready(signal)).rejects.toMatchObject(failure);
    await expect(storage.head(id, signal)).rejects.toMatchObject(failure);
    await expect(storage.get(id, signal)).rejects.toMatchObject(failure);
    const stored = emptyGraph();
    await expect(storage.store(id, stored, unfenced(signal))).rejects.toMatchObject(failure);
    expect(stored.destroyed).toBe(true);
    await storage.start();
    await storage.store(id, emptyGraph(), unfenced(signal));
  });

  test("a graph that can't be put in its place leaves nothing behind", async ({ signal }) => {
    await mkdir(join(graphs, `${id}.dot`));
    await expect(storage.store(id, emptyGraph(), unfenced(signal))).rejects.toMatchObject({
      name: "DependencyError",
    });
    expect(await readdir(join(graphs, ".tmp"))).toEqual([]);
  });

  test("starting removes temporary files that nobody wrote to, and no others", async () => {
    const temporary = join(graphs, ".tmp");
    const before = new Date(Date.now() - 61_000);
    for (const name of ["old", "new", "older"]) await writeFile(join(temporary, name), "");
    for (const name of ["old", "older"]) await utimes(join(temporary, name), before, before);
    await Promise.all([storage.start(), storage.start()]);
    expect(await readdir(temporary)).toEqual(["new"]);
  });

  // The shell's limit on file sizes is met as a full disk is: by a write that fails in the middle.
  test("a disk that is full: a failure that may pass, and nothing is left behind", async ({ signal }) => {
    const command = 'ulimit -f 64; exec "$0" --import tsx "$1" "$2"';
    const script = fileURLToPath(new URL("disk-writer.ts", import.meta.url));
    const child = spawn("sh", ["-c", command, process.execPath, script, join(dir.path, "deeper")], {
      stdio: ["ignore", "ignore", "pipe"],
      signal,
    });
    const [stderr] = await Promise.all([text(child.stderr), once(child, "exit", { signal })]);
    expect(stderr).toContain(`DependencyError: storing ${join(graphs, id)}.dot: EFBIG`);
    expect(stderr).toContain("transient: true");
    expect(await readdir(graphs, { recursive: true })).toSatisfy(
      (names: string[]) => names.toSorted().join() === ".tmp,entries",
    );
  });
});
