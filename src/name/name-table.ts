import type { AddressValue, Cidr } from "../flow-log/cidr.js";
import type { Name } from "./name.js";
import { findPrefix, lengthOf, PrefixTrie, valueOf } from "./prefix-trie.js";

/** So many prefixes may a file have: 64 MB of nodes at most. */
export const MAX_PREFIXES = 1_000_000;

/** The names of a file by prefix, in memory that threads share: it can be posted to one at no cost. */
export interface NameColumns {
  readonly nodes: Int32Array;
  /** In UTF-8, some more than once: text, group and side, which may be empty, each on a line of its own. */
  readonly names: Uint8Array;
  /** Where each begins in `names`, and where the last one ends. */
  readonly starts: Uint32Array;
  readonly prefixes: number;
}

/** A name but for where it comes from, without control characters. */
export type PlainName = Pick<Name, "text" | "group" | "side">;

/** So many names are known again: a map of all would stop everything else whenever it grows. */
const RECENT_NAMES = 4096;

export class NameTableBuilder {
  prefixes = 0;
  readonly #trie = new PrefixTrie();
  readonly #recent = new Map<string, number>();
  readonly #starts: number[] = [0];
  #names = Buffer.alloc(1024);

  /** Of several names for one prefix the first one stays. */
  add(cidr: Cidr, { text, group = "", side }: PlainName): void {
    this.prefixes++;
    this.#trie.insert(cidr, this.#numberOf(`${text}\n${group}\n${side ?? ""}`));
  }

  #numberOf(name: string): number {
    const known = this.#recent.get(name);
    if (known !== undefined) return known;
    const number = this.#starts.length - 1;
    if (this.#recent.size === RECENT_NAMES) this.#recent.clear();
    this.#recent.set(name, number);
    const start = this.#starts[number] ?? 0;
    const end = start + Buffer.byteLength(name);
    if (end > this.#names.length) this.#names = Buffer.concat([this.#names], Math.max(end, 2 * start));
    this.#names.write(name, start);
    this.#starts.push(end);
    return number;
  }

  build(): NameColumns {
    const end = this.#starts.at(-1) ?? 0;
    const names = new Uint8Array(new SharedArrayBuffer(end));
    names.set(this.#names.subarray(0, end));
    const starts = new Uint32Array(new SharedArrayBuffer(4 * this.#starts.length));
    starts.set(this.#starts);
    return { nodes: this.#trie.freeze(), names, starts, prefixes: this.prefixes };
  }
}

/** Finds names by address. Each is made when it is first asked for, and is the same object from then on. */
export class NameTable {
  readonly #columns: NameColumns;
  readonly #origin: Pick<Name, "source" | "file">;
  readonly #texts: Buffer;
  readonly #names: (Name | undefined)[] = [];
  readonly #byText = new Map<string, Name>();

  constructor(columns: NameColumns, origin: Pick<Name, "source" | "file">) {
    this.#columns = columns;
    this.#origin = origin;
    const { buffer, byteOffset, byteLength } = columns.names;
    this.#texts = Buffer.from(buffer, byteOffset, byteLength);
  }

  /** The place of the longest prefix that has a name, or -1. */
  find({ words, version }: AddressValue): number {
    return findPrefix(this.#columns.nodes, words, version);
  }

  /** How many bits the prefix has, to be compared with others' of the same version. */
  lengthAt(place: number): number {
    return lengthOf(this.#columns.nodes, place);
  }

  nameAt(place: number): Name {
    const number = valueOf(this.#columns.nodes, place);
    return (this.#names[number] ??= this.#read(number));
  }

  #read(number: number): Name {
    const { starts } = this.#columns;
    const written = this.#texts.toString("utf8", starts[number], starts[number + 1]);
    const known = this.#byText.get(written);
    if (known !== undefined) return known;
    const [text = "", group = "", side] = written.split("\n");
    const name: Name = Object.freeze({
      text,
      ...(group !== "" && { group }),
      ...((side === "inside" || side === "internet") && { side }),
      ...this.#origin,
    });
    this.#byText.set(written, name);
    return name;
  }
}
