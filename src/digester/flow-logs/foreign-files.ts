import { createHash } from "node:crypto";
import type { LogObject } from "./source.js";

/** Some 60 MB at most: as many as a listing of a thousand requests finds. */
const MAX_FILES = 1_000_000;
const DIGEST_BYTES = 16;

/** The files that were found to be no flow logs, so that no job looks at them again until they are replaced. */
export class ForeignFiles {
  readonly #known = new Set<string>();
  readonly #max: number;

  constructor(max = MAX_FILES) {
    this.#max = max;
  }

  has(object: LogObject): boolean {
    return this.#known.size > 0 && this.#known.has(digestOf(object));
  }

  add(object: LogObject): void {
    const digest = digestOf(object);
    if (this.#known.has(digest)) return;
    for (const oldest of this.#known) {
      if (this.#known.size < this.#max) break;
      this.#known.delete(oldest);
    }
    this.#known.add(digest);
  }
}

function digestOf({ key, version }: LogObject): string {
  return createHash("sha256").update(`${version} ${key}`).digest().toString("latin1", 0, DIGEST_BYTES);
}
