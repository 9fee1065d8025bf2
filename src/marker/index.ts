import type { z } from "zod";
import { diskSettings } from "../disk/data-dir.js";
import { rulesOf, settingsOf } from "../registry.js";
import { bucketsTogether, s3Access, s3Settings } from "../s3/settings.js";
import { DiskMarker } from "./disk.js";
import { S3Marker, s3MarkerSettings } from "./s3.js";
import type { Marker } from "./marker.js";

/** What each implementation is told. */
const implementations = {
  disk: { settings: diskSettings },
  s3: { settings: { ...s3Settings, ...s3MarkerSettings }, rules: [bucketsTogether] },
};

/** Every Marker that the environment can choose. */
export const markerSettings = settingsOf(implementations);
export const markerRules = rulesOf(implementations);

export function createMarker(
  config: z.infer<z.ZodObject<typeof markerSettings>>,
  { staleMs }: { staleMs: number },
): Marker {
  if (config.GRAPH_PROGRESS_BUCKET !== undefined) {
    return new S3Marker({
      access: s3Access(config),
      bucket: config.GRAPH_PROGRESS_BUCKET,
      region: config.GRAPH_PROGRESS_BUCKET_REGION,
    });
  }
  return new DiskMarker({ dir: config.GRAPH_DATA_DIR, staleMs });
}
