import type { z } from "zod";
import { diskSettings } from "../disk/data-dir.js";
import { rulesOf, settingsOf } from "../registry.js";
import { bucketsTogether, s3Access, s3Settings } from "../s3/settings.js";
import { DiskStorage } from "./disk.js";
import { S3Storage, s3StorageSettings } from "./s3.js";
import type { Storage } from "./storage.js";

/** What each implementation is told. */
const implementations = {
  disk: { settings: diskSettings },
  s3: { settings: { ...s3Settings, ...s3StorageSettings }, rules: [bucketsTogether] },
};

/** Every Storage that the environment can choose. */
export const storageSettings = settingsOf(implementations);
export const storageRules = rulesOf(implementations);

export function createStorage(
  config: z.infer<z.ZodObject<typeof storageSettings>>,
  { staleMs }: { staleMs: number },
): Storage {
  if (config.GRAPH_STORAGE_BUCKET !== undefined) {
    return new S3Storage({
      access: s3Access(config),
      bucket: config.GRAPH_STORAGE_BUCKET,
      region: config.GRAPH_STORAGE_BUCKET_REGION,
    });
  }
  return new DiskStorage({ dir: config.GRAPH_DATA_DIR, staleMs });
}
