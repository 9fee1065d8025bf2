import { MemoryMarker } from "../../src/marker/memory.js";
import { markerContract } from "../contract/marker.js";

markerContract("MemoryMarker", async () => {
  const marker = new MemoryMarker();
  return { marker, peer: marker, leftovers: async () => [], close: async () => {} };
});
