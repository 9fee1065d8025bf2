import { isUtf8 } from "node:buffer";
import { type Cidr, cidrText, networkOf, parseCidr } from "../flow-log/cidr.js";
import { excerpt } from "../flow-log/excerpt.js";
import { nextTurn, turnIsOver } from "../turn.js";
import type { Side } from "./name.js";
import { NameFileError, type NameFormat } from "./name-file.js";
import { MAX_PREFIXES, NameTableBuilder, type PlainName } from "./name-table.js";

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");
const MAX_LINE_BYTES = 4096;
const MAX_TEXT = 128;
/** So many faults are told of a file. */
const MAX_FAULTS = 10;

/**
 * Lines of `cidr,name[,group[,side]]`, in UTF-8. A side is `inside` or `internet`; a group of that name says the same.
 * Cells may stand in double quotes. Blank lines, lines that begin with `#`, and a first line of titles are passed over.
 */
export const csv: NameFormat = {
  extension: ".csv",
  looksLike: () => true,

  async read({ file, bytes }, signal) {
    const table = new NameTableBuilder();
    const faults: string[] = [];
    let first = true;
    let number = 1;
    let from = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
    for (; from < bytes.length; number++) {
      const feed = bytes.indexOf(LINE_FEED, from);
      const to = feed < 0 ? bytes.length : feed;
      const line = lineOf(bytes, from, to);
      from = to + 1;
      if (turnIsOver()) await nextTurn();
      signal.throwIfAborted();
      if (line === "") continue;
      const row = line === undefined ? `UTF-8 text of at most ${MAX_LINE_BYTES} bytes` : parseRow(line);
      if (typeof row !== "string") table.add(row.cidr, row.name);
      else if (!first || !isTitle(line)) {
        if (faults.push(`line ${number}: expected ${row}${gotOf(line)}`) > MAX_FAULTS) break;
      }
      first = false;
      if (table.prefixes > MAX_PREFIXES) {
        throw new NameFileError(`${file}: line ${number}: expected at most ${MAX_PREFIXES} networks`);
      }
    }
    if (faults.length > MAX_FAULTS) faults[MAX_FAULTS] = "there are more";
    if (faults.length > 0) throw new NameFileError(`${file}: ${faults.join("; ")}`);
    return { source: "csv", columns: table.build() };
  },
};

/** Without the space around it; empty when it is a comment; undefined when it can't be read. */
function lineOf(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from > MAX_LINE_BYTES || !isUtf8(bytes.subarray(from, to))) return undefined;
  const line = bytes.toString("utf8", from, to).trim();
  return line.startsWith("#") ? "" : line;
}

function gotOf(line: string | undefined): string {
  return line === undefined ? "" : `, got ${excerpt(line)}`;
}

/** `cidr,name,group` and the like. */
function isTitle(line: string | undefined): boolean {
  return line !== undefined && /^"?[a-z][a-z _-]*"?,/i.test(line);
}

/** What was expected, when the row is at fault. */
function parseRow(line: string): { cidr: Cidr; name: PlainName } | string {
  const cells = cellsOf(line);
  if (cells === undefined) return "cells separated by commas, each in a pair of double quotes or without any";
  const [network = "", text = "", group = "", side = "", ...others] = cells;
  if (others.some((cell) => cell !== "")) return "cidr,name[,group[,side]] and no more";
  const cidr = parseCidr(network);
  if (cidr === undefined) {
    return "cidr,name[,group[,side]] with a network such as 10.0.0.0/8 or 2001:db8::/32, or an address";
  }
  const whole = networkOf(cidr);
  if (!whole.words.every((word, index) => word === cidr.words[index])) {
    return `a network without bits beyond its prefix, such as ${cidrText(whole)}`;
  }
  if (!isText(text) || text === "")
    return `cidr,name[,group[,side]] with a name of 1 to ${MAX_TEXT} characters`;
  if (!isText(group)) return `a group of at most ${MAX_TEXT} characters`;
  const says = sideOf(side === "" ? group : side);
  if (side !== "" && says === undefined) return "inside or internet as the fourth cell, or nothing";
  const name: PlainName = {
    text,
    ...(group !== "" && { group }),
    ...(says !== undefined && { side: says }),
  };
  return { cidr, name };
}

function isText(text: string): boolean {
  return text.length <= MAX_TEXT && !/\p{Cc}/u.test(text);
}

function sideOf(text: string): Side | undefined {
  const side = text.toLowerCase();
  return side === "inside" || side === "internet" ? side : undefined;
}

/** A cell in quotes, in which two quotes are one, or one without; then a comma or the end. */
const CELL = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;

function cellsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",").map((cell) => cell.trim());
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const [, quoted, plain = "", end] = CELL.exec(line) ?? [];
    if (end === undefined) return undefined;
    cells.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (end === "") return cells;
  }
}
