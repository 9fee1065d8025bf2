/**
 * The heaviest, and all that have to be there: these first, then the heaviest until there are `count`. Of equals the first.
 *
 * @returns 1 for each that is among them
 */
export function heaviestOf(
  weights: Float64Array,
  count: number,
  isNeeded: (index: number) => boolean,
): Uint8Array {
  const chosen = new Uint8Array(weights.length);
  let needed = 0;
  const others = new Float64Array(weights.length);
  for (let index = 0; index < weights.length; index++) {
    if (isNeeded(index)) {
      chosen[index] = 1;
      needed++;
    } else {
      // Before sorting, so that what is needed comes last.
      others[index - needed] = weights[index] ?? 0;
    }
  }
  const room = Math.min(count - needed, weights.length - needed);
  if (room <= 0) return chosen;
  const sorted = others.subarray(0, weights.length - needed).toSorted();
  const least = sorted[sorted.length - room] ?? 0;
  // Of those that weigh just that much, as many as there is room for.
  let ties = room;
  for (let at = sorted.length - 1; at >= 0 && (sorted[at] ?? 0) > least; at--) ties--;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index] ?? 0;
    if (chosen[index] === 1 || weight < least) continue;
    if (weight > least || ties-- > 0) chosen[index] = 1;
  }
  return chosen;
}
