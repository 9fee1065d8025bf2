/** The value that this share of all is at or below; 0 of none. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}
