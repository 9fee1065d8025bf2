/** The value that this share of all is at or below; 0 of none. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const at = Math.min(values.length - 1, Math.floor(share * values.length));
  return at < 0 ? 0 : nthOf(Float64Array.from(values), at);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The value that sorting would bring to the n-th place: Hoare's selection, in linear time. Moves values. */
function nthOf(values: Float64Array, n: number): number {
  let from = 0;
  let to = values.length - 1;
  while (from < to) {
    // At random, so that nobody can prepare values that take longer.
    const pivot = values[from + Math.floor(Math.random() * (to - from + 1))] ?? 0;
    let low = from;
    let high = to;
    while (low <= high) {
      while ((values[low] ?? 0) < pivot) low++;
      while ((values[high] ?? 0) > pivot) high--;
      if (low > high) break;
      const value = values[low] ?? 0;
      values[low++] = values[high] ?? 0;
      values[high--] = value;
    }
    if (n <= high) to = high;
    else if (n >= low) from = low;
    else break;
  }
  return values[n] ?? 0;
}
