import type { z } from "zod";
import { diskSettings } from "../data-dir.js";
import { DiskStorage } from "./disk.js";
import type { Storage } from "./storage.js";

/** Every Storage that the environment can choose. */
export const storageSettings = { ...diskSettings };

export function createStorage(
  config: z.infer<z.ZodObject<typeof storageSettings>>,
  { staleMs }: { staleMs: number },
): Storage {
  return new DiskStorage({ dir: config.GRAPH_DATA_DIR, staleMs });
}
