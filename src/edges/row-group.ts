/** Bounds the memory: each row takes some 100 bytes. Readers like row groups of about so many rows. */
export const ROW_GROUP_ROWS = 128 * 1024;
