// The pieces that text is put together from, in the order of dot-kernel.ts.
export const OPEN: u32 = 0;
export const CLOSE: u32 = 1;
export const INDENT: u32 = 2;
export const ARROW: u32 = 3;
export const NODE_LABEL: u32 = 4;
export const LINE_END: u32 = 5;
export const ACCOUNT_ATTRIBUTE: u32 = 6;
export const GREEN: u32 = 7;
export const RED: u32 = 8;
/** Before each value of a half but the account, in their order. */
export const ATTRIBUTE: u32 = 9;
export const LABEL_LINE: u32 = 17;
