/**
 * What stands for a value: a whole number below 10^15, which a field of text has as the number of its text; that there is
 * none; something else, which the obvious path decides on; or that nobody has looked yet.
 */
export const [NONE, ODD, UNKNOWN] = [-1, -2, -3];

/** Codes of a record's status. */
export const [OK, NODATA, SKIPDATA] = [0, 1, 2];
