import { DependencyError } from "../../errors.js";

/** How many names a message shows. */
const SHOWN = 5;

/** The first few names of some. */
export function firstOf(names: readonly string[], total = names.length): string {
  const shown = names.slice(0, SHOWN).join(", ");
  return total > Math.min(names.length, SHOWN) ? `${shown} and more` : shown;
}

/**
 * What a job fails with that found no flow log at all where it was told to look.
 *
 * @param names of what was there instead, of which a few are enough
 * @param total how many there were
 */
export function nothingRecognised(where: string, names: readonly string[], total: number): DependencyError {
  const others =
    total === 1
      ? "1 file or folder that isn't recognised"
      : `${total} files or folders that aren't recognised`;
  const found = total === 0 ? "nothing" : `${others}, by name or content: ${firstOf(names, total)}`;
  return new DependencyError(
    "digester",
    `looked for flow logs as text, gzip or Parquet below ${where}, and found ${found}. DIGESTER_ENDPOINT says where to look`,
    { transient: false },
  );
}
