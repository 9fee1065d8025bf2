import type { z } from "zod";
import { diskSettings } from "../data-dir.js";
import { DiskMarker } from "./disk.js";
import type { Marker } from "./marker.js";

/** Every Marker that the environment can choose. */
export const markerSettings = { ...diskSettings };

export function createMarker(
  config: z.infer<z.ZodObject<typeof markerSettings>>,
  { staleMs }: { staleMs: number },
): Marker {
  return new DiskMarker({ dir: config.GRAPH_DATA_DIR, staleMs });
}
