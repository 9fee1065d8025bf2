/**
 * Bounds the memory: each row takes some 200 bytes while the group before is compressed. Of so many rows no dictionary needs more than 16
 * bits a row, which makes up for there being more dictionaries.
 */
export const ROW_GROUP_ROWS = 48 * 1024;
/** What is read: earlier versions wrote so many. */
export const MAX_ROW_GROUP_ROWS = 128 * 1024;
/** What a value takes at most in the file: a text of 256 bytes after its length. */
export const MAX_VALUE_BYTES = 4 + 256;
