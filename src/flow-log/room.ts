type Growing = Uint8Array | Int32Array | Uint32Array | Float64Array;

const FIRST_LENGTH = 1024;

/** The array, or the same numbers in one at least twice as long, so that it has `length`. */
export function withRoom<T extends Growing>(array: T, length: number): T;
export function withRoom(array: Growing, length: number): Growing {
  if (length <= array.length) return array;
  const room = Math.max(length, 2 * array.length, FIRST_LENGTH);
  const larger =
    array instanceof Uint8Array
      ? new Uint8Array(room)
      : array instanceof Int32Array
        ? new Int32Array(room)
        : array instanceof Uint32Array
          ? new Uint32Array(room)
          : new Float64Array(room);
  larger.set(array);
  return larger;
}
