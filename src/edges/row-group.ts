/**
 * Bounds the memory: each row takes some 100 bytes. Of so many rows, no dictionary needs more than 16 bits a row, and the file is smaller
 * than with larger groups.
 */
export const ROW_GROUP_ROWS = 64 * 1024;
/** What a value takes at most in the file: a text of 256 bytes after its length. */
export const MAX_VALUE_BYTES = 4 + 256;
