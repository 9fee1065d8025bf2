import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NameFiles } from "../../src/name/name-files.js";
import { eventually } from "../support/eventually.js";
import { type TemporaryDir, temporaryDir } from "../support/temporary-dir.js";

/** The tests look by themselves. */
const HOUR_MS = 3_600_000;

let dir: TemporaryDir;
let files: NameFiles | undefined;
let log: { event: string; [field: string]: unknown }[];

beforeEach(async () => {
  dir = await temporaryDir();
  log = [];
});
afterEach(async () => {
  await files?.stop();
  await dir.remove();
});

function note(fields: object, event: string): void {
  log.push({ ...fields, event });
}

async function watch(...names: string[]): Promise<void> {
  files = new NameFiles(
    names.map((name) => join(dir.path, name)),
    { info: note, warn: note },
    HOUR_MS,
  );
  await files.start();
}

/** A file that changed is read at the second look. */
async function lookTwice(): Promise<void> {
  await files?.look();
  await files?.look();
}

const at = (name: string) => join(dir.path, name);
const found = () => files?.names.findText("10.0.0.1")?.text;

test("a file that changes is read again, whole, and whoever had the old names keeps them", async () => {
  await writeFile(at("a.csv"), "10.0.0.0/8,old\n");
  await watch("a.csv");
  expect(found()).toBe("old");
  const before = files?.names;
  await writeFile(at("a.csv"), "10.0.0.0/8,new\n");
  await lookTwice();
  expect(found()).toBe("new");
  expect(before?.findText("10.0.0.1")?.text).toBe("old");
  expect(files?.names.version).not.toBe(before?.version);
  expect(log).toMatchObject([
    { event: "names-loaded", file: at("a.csv"), source: "csv", prefixes: 1 },
    { event: "names-loaded" },
  ]);
});

test("a fault keeps the old names of this file, is logged once, and other files go on changing", async () => {
  await writeFile(at("a.csv"), "10.0.0.0/24,old\n");
  await writeFile(at("b.csv"), "10.1.0.0/24,old\n");
  await watch("a.csv", "b.csv");
  await writeFile(at("a.csv"), "10.0.0.0/24,new\noops\n");
  await lookTwice();
  expect(log.at(-1)).toMatchObject({
    event: "names-fault",
    file: at("a.csv"),
    reason: expect.stringMatching(
      /a\.csv: line 2: expected cidr,name.*got "oops"; its former names are still used$/,
    ),
  });
  await writeFile(at("b.csv"), "10.1.0.0/24,new\n");
  await lookTwice();
  expect(files?.names.findText("10.1.0.1")?.text).toBe("new");
  expect(found()).toBe("old");
  expect(log.filter(({ event }) => event === "names-fault")).toHaveLength(1);
  await writeFile(at("a.csv"), "10.0.0.0/24,mended\n");
  await lookTwice();
  expect(found()).toBe("mended");
});

test("a file that isn't there, at start or later, is a fault that passes", async () => {
  await watch("a.csv");
  expect(found()).toBeUndefined();
  expect(log).toMatchObject([
    { event: "names-fault", reason: expect.stringMatching(/ENOENT.*; it has no names yet$/) },
  ]);
  await writeFile(at("a.csv"), "10.0.0.0/8,there\n");
  await lookTwice();
  expect(found()).toBe("there");
  await rm(at("a.csv"));
  await lookTwice();
  expect(log.filter(({ event }) => event === "names-fault")).toHaveLength(2);
  expect(found()).toBe("there");
  await writeFile(at("a.csv"), "10.0.0.0/8,there\n");
  await lookTwice();
  expect(log.at(-1)?.event).toBe("names-loaded");
});

test("changes behind a link are noticed, as Kubernetes makes them of a config map", async () => {
  for (const version of ["1", "2"]) {
    await mkdir(at(version));
    await writeFile(at(`${version}/a.csv`), `10.0.0.0/8,v${version}\n`);
    await utimes(at(`${version}/a.csv`), 1, 1);
  }
  await symlink("1", at("data"));
  await symlink("data/a.csv", at("a.csv"));
  await watch("a.csv");
  expect(found()).toBe("v1");
  await symlink("2", at("next"));
  await rename(at("next"), at("data"));
  await lookTwice();
  expect(found()).toBe("v2");
});

test("a file that was only touched changes nothing", async () => {
  await writeFile(at("a.csv"), "10.0.0.0/8,a\n");
  await watch("a.csv");
  const { names } = files ?? {};
  await utimes(at("a.csv"), 1, 1);
  await lookTwice();
  expect(files?.names).toBe(names);
  expect(log).toHaveLength(1);
});

test("a file that is being written isn't read before it stays the same", async () => {
  await writeFile(at("a.csv"), "10.0.0.0/8,old\n");
  await watch("a.csv");
  for (const written of ["", "10.0.0.0/8,n", "10.0.0.0/8,new\n"]) {
    await writeFile(at("a.csv"), written);
    await files?.look();
    expect(found()).toBe("old");
  }
  await files?.look();
  expect(found()).toBe("new");
});

test("files are looked at from time to time, by themselves", async () => {
  await writeFile(at("a.csv"), "10.0.0.0/8,old\n");
  files = new NameFiles([at("a.csv")], { info: note, warn: note }, 5);
  await files.start();
  await writeFile(at("a.csv"), "10.0.0.0/8,new\n");
  await eventually(() => expect(found()).toBe("new"));
});

test("directories and pipes are faults, and don't hang", async () => {
  execFileSync("mkfifo", [at("pipe.csv")]);
  await mkdir(at("dir.csv"));
  await watch("pipe.csv", "dir.csv");
  expect(log.map(({ reason }) => reason)).toEqual([
    `${at("pipe.csv")}: expected a file; it has no names yet`,
    `${at("dir.csv")}: expected a file; it has no names yet`,
  ]);
});

test("nothing is read, logged or held after a stop, in the middle of reading too", async () => {
  const lines = Array.from(
    { length: 100_000 },
    (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255},host-${n}\n`,
  );
  await writeFile(at("a.csv"), lines.join(""));
  files = new NameFiles([at("a.csv")], { info: note, warn: note });
  const started = files.start();
  await files.stop();
  await started;
  expect(files.names.findText("10.0.0.1")).toBeUndefined();
  expect(log).toEqual([]);
  await eventually(async () => expect((await dir.contents()).open).toEqual([]));
});
