import { mkdtemp, readdir, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDir {
  readonly path: string;
  /** Paths below it, relative, and of files in it that this process holds open, deleted ones included. */
  contents(): Promise<{ names: string[]; open: string[] }>;
  remove(): Promise<void>;
}

export async function temporaryDir(): Promise<TemporaryDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "grapherd-")));
  return {
    path,
    contents: async () => ({
      names: await readdir(path, { recursive: true }),
      open: (await openFiles()).filter((file) => file.startsWith(path)),
    }),
    remove: () => rm(path, { recursive: true }),
  };
}

/** Linux only; elsewhere none are seen. */
async function openFiles(): Promise<string[]> {
  const descriptors = await readdir("/proc/self/fd").catch(() => []);
  const links = descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return Promise.all(links);
}
