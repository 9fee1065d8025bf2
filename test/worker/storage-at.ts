import { DiskStorage } from "../../src/storage/disk.js";
import { S3Storage } from "../../src/storage/s3.js";
import type { Storage } from "../../src/storage/storage.js";
import { bucketOptions } from "../support/s3/modules.js";

/** The storage at a directory, or in the bucket `graphs` at an http URL. */
export function storageAt(place: string): Storage {
  return place.startsWith("http://")
    ? new S3Storage(bucketOptions({ url: place }, "graphs"))
    : new DiskStorage({ dir: place, staleMs: 60_000 });
}
