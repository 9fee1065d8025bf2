import type { z } from "zod";
import { diskSettings } from "../disk/data-dir.js";
import { s3Access, s3Settings } from "../s3/settings.js";
import { DiskMarker } from "./disk.js";
import { S3Marker, s3MarkerSettings } from "./s3.js";
import type { Marker } from "./marker.js";

/** Every Marker that the environment can choose. */
export const markerSettings = { ...diskSettings, ...s3Settings, ...s3MarkerSettings };

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
