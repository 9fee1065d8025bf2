import type { z } from "zod";
import { createFirst, rulesOf, settingsOf } from "../registry.js";
import { diskStorage } from "./disk.js";
import type { Storage, StorageGiven } from "./storage.js";
import { s3Storage } from "./s3.js";

/** The first that the settings choose. Files are for whoever chose nothing: they come last. */
const implementations = {
  s3: s3Storage,
  disk: diskStorage,
};

/** Every Storage that the environment can choose. */
export const storageSettings = settingsOf(implementations);
export const storageRules = rulesOf(implementations);

export function createStorage(
  config: z.infer<z.ZodObject<typeof storageSettings>>,
  given: StorageGiven,
): Storage {
  return createFirst(implementations, config, given);
}
