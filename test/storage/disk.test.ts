import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DiskStorage } from "../../src/storage/disk.js";
import { storageContract } from "../contract/storage.js";
import { temporaryDir } from "../support/temporary-dir.js";

storageContract("DiskStorage", async () => {
  const dir = await temporaryDir();
  const storage = new DiskStorage({ dir: dir.path, staleMs: 60_000 });
  await storage.start();
  return {
    storage,
    plant: (id, bytes) => writeFile(join(dir.path, "graphs", `${id}.dot`), bytes),
    leftovers: async () => {
      const { names, open } = await dir.contents();
      return [...names.filter((name) => !/^graphs(\/\.tmp|\/[0-9a-f-]{36}\.dot)?$/.test(name)), ...open];
    },
    close: () => dir.remove(),
  };
});
