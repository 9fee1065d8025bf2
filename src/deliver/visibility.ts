import type { Fate } from "../deliverer.js";

/** SQS keeps a message unseen for 12 hours at most, counted from when it was received. */
export const MAX_HIDDEN_MS = 12 * 3_600_000;
const MAX_SECONDS = MAX_HIDDEN_MS / 1000;

/**
 * How long a message stays unseen that nobody renews: half as long again as the claim, whose holder renews both every third.
 * So a killed worker's message comes back when its claim has lapsed, as a rule, and costs one receive more, not two.
 */
export function visibilitySeconds(progressTimeoutMs: number): number {
  return Math.min(Math.ceil((progressTimeoutMs * 1.5) / 1000), MAX_SECONDS);
}

/**
 * When a message is to be seen again. Who comes too early for the third time, or a further one, waits twice as long as
 * the time before: a second copy of a job that somebody else works on for long mustn't end among the dead letters.
 *
 * @param receives how often it has been received
 */
export function hiddenSeconds(
  fate: Extract<Fate, { fate: "later" | "again" }>,
  receives: number,
  { retryDelayMs, heldMs }: { readonly retryDelayMs: number; readonly heldMs: number },
): number {
  const ms =
    fate.fate === "later"
      ? fate.afterMs * 2 ** Math.max(0, receives - 2)
      : retryDelayMs * 2 ** Math.max(0, receives - 1);
  const left = MAX_SECONDS - Math.ceil(heldMs / 1000);
  return Math.max(0, Math.min(Math.ceil(ms / 1000), left));
}
