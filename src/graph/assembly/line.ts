import { LINES, LINES_END, LINE_BYTES } from "./memory";

// A line is where things are in the text of an edge: positions, at these places. Attributes and label have the same
// values in the same order, each its half; a half begins where the text before it ends.
export const SOURCE: u32 = 0;
export const SOURCE_END: u32 = 4;
export const DESTINATION: u32 = 8;
export const ATTRIBUTES: u32 = 12;
export const LABEL: u32 = 84;

// In a half. It begins with text, and after each value there is text as well.
export const BEGIN: u32 = 0;
export const ACCOUNT: u32 = 4;
export const ACCOUNT_END: u32 = 8;
export const INTERFACE: u32 = 12;
export const INTERFACE_END: u32 = 16;
export const SOURCE_PORT_VALUE: u32 = 20;
export const DESTINATION_PORT_VALUE: u32 = 28;
export const PROTOCOL_VALUE: u32 = 36;
export const PACKETS_VALUE: u32 = 44;
export const BYTES_VALUE: u32 = 52;
export const BYTES_END: u32 = 56;
export const START_VALUE: u32 = 60;
export const START_END: u32 = 64;
export const END_VALUE: u32 = 68;
export const HALF_END: u32 = 72;

/** The last line, and the one before it. */
export let line: u32 = LINES;
export let before: u32 = LINES;

export function nextLine(): void {
  before = line;
  line += LINE_BYTES;
  if (line === LINES_END) line = LINES;
}
