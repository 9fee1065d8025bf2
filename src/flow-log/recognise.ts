import { isIP } from "node:net";
import { missingFields } from "./columns.js";
import { fieldName, isHeader } from "./fields.js";
import { frontsOf } from "./line-layout.js";

/** Fields that nothing but flow logs has by these names. */
const TELLING: ReadonlySet<string> = new Set(
  "srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport log-status interface-id tgw-attachment-id".split(
    " ",
  ),
);
/** Flow logs of Global Accelerator are laid out alike, and are none of a VPC. */
const FOREIGN_FIELDS: ReadonlySet<string> = new Set(["accelerator-id"]);

/** Lines looked at: a header or a name for the columns may come before the first record. */
const LINES = 5;

/** Whether a text that begins so can be a flow log. */
export function canBeFlowLogText(beginning: string, formats: readonly (readonly string[])[]): boolean {
  const lines = beginning
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .slice(0, LINES);
  const names = partsOf(lines[0] ?? "");
  if (isHeader(names)) return canBeFlowLog(lines[0] ?? "", formats);
  return lines.some((line) => canBeFlowLog(line, formats));
}

/**
 * Whether a line can be a flow log's: a header, a record of one of the formats, or something that smells of one, such as
 * a record of another format, in quotes, or behind the name of a file. What can be one must be read, or refused with what
 * to do; what can't is none of ours.
 */
export function canBeFlowLog(line: string, formats: readonly (readonly string[])[]): boolean {
  // JSON in lines is looked at by its own reader, and inside other lines only its names tell.
  if (/^\s*[[{]/.test(line)) return /"srcaddr/.test(line) && /"dstaddr/.test(line);
  const words = line.trim().split(" ");
  if (isHeader(words)) return isFlowLogHeader(words);
  const parts = partsOf(line);
  if (isHeader(parts)) return missingFields(parts.map(fieldName)).length === 0;
  return fitsFormat(words, formats) || traitsOf(parts) >= 2;
}

function partsOf(line: string): string[] {
  return line.split(/[\s,;|"']+/).filter((part) => part !== "");
}

function isFlowLogHeader(words: readonly string[]): boolean {
  const names = words.map(fieldName);
  return names.some((name) => TELLING.has(name)) && !names.some((name) => FOREIGN_FIELDS.has(name));
}

function fitsFormat(words: readonly string[], formats: readonly (readonly string[])[]): boolean {
  return frontsOf(words).some((front) =>
    formats.some((fields) => {
      if (words.length !== front + fields.length) return false;
      const at = (field: string) => words[front + fields.indexOf(field)] ?? "";
      return isTime(at("end")) && /^(\d+|-)$/.test(at("protocol")) && /^(\d+|-)$/.test(at("bytes"));
    }),
  );
}

/** How many of the things there are that make a line smell of a flow log: addresses, times, ids and words. */
function traitsOf(parts: readonly string[]): number {
  const traits = [
    parts.filter((part) => isIP(part) !== 0).length >= 2,
    parts.filter(isTime).length >= 2,
    parts.some((part) => /^(?:eni|tgw-attach)-[0-9a-f]+$/.test(part)),
    parts.some((part) => /^(?:ACCEPT|REJECT|NODATA|SKIPDATA)$/.test(part)),
  ];
  return traits.filter(Boolean).length;
}

/** Of our days, in seconds or anything finer. */
function isTime(text: string): boolean {
  return /^1\d{9}(?:\d{3}){0,3}$/.test(text);
}
