import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DiskMarker } from "../../src/marker/disk.js";
import { markerContract } from "../contract/marker.js";
import { temporaryDir } from "../support/temporary-dir.js";

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
