/*
 * Where the values of rows are in those of a page. Loops of their own, which are compiled as soon as they have run for a while.
 */

/** Each value is in its place. */
export function putConsecutive(places: Uint32Array, count: number): void {
  for (let index = 0; index < count; index++) places[index] = index;
}

export function greatest(places: Uint32Array, count: number): number {
  let last = 0;
  for (let at = 0; at < count; at++) last = Math.max(last, places[at] ?? 0);
  return last;
}

/**
 * How many rows have a value.
 *
 * @throws RangeError when a level is neither that of a value nor that of null
 */
export function sumOf(levels: Uint8Array, rows: number): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const level = levels[row] ?? 0;
    if (level > 1) throw new RangeError(`a level of ${level}`);
    count += level;
  }
  return count;
}

/**
 * From the places of the values there are, those of all rows: backwards, so that none is overwritten before it was moved.
 *
 * @param none the place of null
 */
export function spread(
  places: Uint32Array,
  levels: Uint8Array,
  rows: number,
  count: number,
  none: number,
): void {
  let value = count - 1;
  // Where as many values are left as rows, each is in its place.
  for (let row = rows - 1; row > value; row--) {
    if (levels[row] === 0) places[row] = none;
    else places[row] = places[value--] ?? none;
  }
}
