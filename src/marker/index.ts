import type { z } from "zod";
import { createFirst, rulesOf, settingsOf } from "../registry.js";
import { diskMarker } from "./disk.js";
import type { Marker, MarkerGiven } from "./marker.js";
import { s3Marker } from "./s3.js";

/** The first that the settings choose. Files are for whoever chose nothing: they come last. */
const implementations = {
  s3: s3Marker,
  disk: diskMarker,
};

/** Every Marker that the environment can choose. */
export const markerSettings = settingsOf(implementations);
export const markerRules = rulesOf(implementations);

export function createMarker(
  config: z.infer<z.ZodObject<typeof markerSettings>>,
  given: MarkerGiven,
): Marker {
  return createFirst(implementations, config, given);
}
