/**
 * Works on all items, a few at a time; the results in the order of the items. The first failure aborts the signal that
 * the others are given, and is thrown when they have ended.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  outer: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const results: Result[] = [];
  const left = items.entries();
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const [index, item] of left) {
      signal.throwIfAborted();
      try {
        results[index] = await work(item, signal);
      } catch (error) {
        // Only the first reason is kept.
        failed.abort(error);
        throw error;
      }
    }
  });
  await Promise.allSettled(workers);
  signal.throwIfAborted();
  return results;
}
