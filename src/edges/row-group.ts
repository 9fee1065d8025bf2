/** Bounds the memory: each row takes some 100 bytes. Readers like row groups of about so many rows. */
export const ROW_GROUP_ROWS = 128 * 1024;
/** What a value takes at most in the file: a text of 256 bytes after its length. */
export const MAX_VALUE_BYTES = 4 + 256;
