/** Columns that grow. Their room is zeros, which take no memory before something is written there. */

const FIRST_ROWS = 1024;
/** Columns grow by half, so that at most a third of them is empty. */
const ROOM_FACTOR = 1.5;
/** What is used less than this is copied rather than kept with its room. */
const WELL_USED = 0.75;

/** How many rows there is to be room for, when these are full. */
export function moreRows(rows: number): number {
  return Math.ceil(Math.max(rows * ROOM_FACTOR, FIRST_ROWS));
}

export function larger<T extends { set: (from: T) => void }>(column: T, room: T): T {
  room.set(column);
  return room;
}

/** The first so many entries of a column that grows no more. */
export function trimmed<T extends { length: number; slice: Cut<T>; subarray: Cut<T> }>(
  column: T,
  length: number,
): T {
  return length < WELL_USED * column.length ? column.slice(0, length) : column.subarray(0, length);
}

type Cut<T> = (start: number, end: number) => T;
