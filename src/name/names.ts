import { createHash } from "node:crypto";
import { type AddressValue, parseAddress } from "../flow-log/cidr.js";
import { Mmdb } from "./mmdb.js";
import type { Name } from "./name.js";
import type { NameContent } from "./name-file.js";
import { NameTable } from "./name-table.js";

/** A file of names that was read. It can be posted to a thread at no cost. */
export type LoadedNames = NameContent & {
  /** As it stands in NAMES. */
  readonly file: string;
  /** The SHA-256 of the file. */
  readonly digest: string;
};

/**
 * Names of addresses, as all files were at one moment. Nothing in it changes: whoever computes an answer keeps to one.
 * Names are objects that are made once and stay the same, so that they can be compared and be keys.
 */
export class Names {
  static readonly none = new Names([]);

  /** For other threads, which make `Names` of it. */
  readonly loaded: readonly LoadedNames[];
  /** The same for the same files with the same content: names are part of what an answer depends on. */
  readonly version: string;
  readonly #csv: readonly NameTable[];
  readonly #ipRanges: readonly NameTable[];
  readonly #databases: readonly { readonly file: string; readonly database: Mmdb }[];
  readonly #placed = new Map<string, Name>();

  constructor(loaded: readonly LoadedNames[]) {
    this.loaded = loaded;
    const files = loaded.map(({ file, digest }) => [file, digest]);
    this.version = createHash("sha256").update(JSON.stringify(files)).digest("base64url");
    const tables = (source: "csv" | "ip-ranges") =>
      loaded.flatMap((each) =>
        each.source === source ? [new NameTable(each.columns, { source, file: each.file })] : [],
      );
    this.#csv = tables("csv");
    this.#ipRanges = tables("ip-ranges");
    this.#databases = loaded.flatMap((each) =>
      each.source === "mmdb" ? [{ file: each.file, database: new Mmdb(each.database) }] : [],
    );
  }

  /**
   * The name of an address that is trusted most. The address isn't kept: its words may be changed afterwards.
   *
   * @param ofLog what the log itself calls the address
   */
  find(address: AddressValue, ofLog?: Name): Name | undefined {
    return (
      longest(this.#csv, address) ?? ofLog ?? longest(this.#ipRanges, address) ?? this.#whereabouts(address)
    );
  }

  /** As `find`, of the text of an address; nothing else has a name. */
  findText(text: string, ofLog?: Name): Name | undefined {
    const address = parseAddress(text);
    return address === undefined ? undefined : this.find(address, ofLog);
  }

  /** The first autonomous system and the first country that a database knows: `AS16509 Amazon.com, Inc.`, in Ireland. */
  #whereabouts(address: AddressValue): Name | undefined {
    let system: string | undefined;
    let country: string | undefined;
    let knower: string | undefined;
    for (const { file, database } of this.#databases) {
      const found = database.find(address);
      if (found === undefined) continue;
      if (system === undefined && found.system !== undefined) [system, knower] = [found.system, file];
      country ??= found.country;
      knower ??= file;
    }
    const text = system ?? country;
    if (text === undefined || knower === undefined) return undefined;
    const key = `${text}\n${country}\n${knower}`;
    const known = this.#placed.get(key);
    if (known !== undefined) return known;
    const name: Name = Object.freeze({
      text,
      ...(country !== undefined && { group: country }),
      source: "mmdb",
      file: knower,
    });
    this.#placed.set(key, name);
    return name;
  }
}

/** Of all tables the longest prefix counts, of equals that of the first table. */
function longest(tables: readonly NameTable[], address: AddressValue): Name | undefined {
  let best: NameTable | undefined;
  let bestPlace = -1;
  let bestLength = -1;
  for (const table of tables) {
    const place = table.find(address);
    if (place < 0 || table.lengthAt(place) <= bestLength) continue;
    [best, bestPlace, bestLength] = [table, place, table.lengthAt(place)];
  }
  return best?.nameAt(bestPlace);
}
