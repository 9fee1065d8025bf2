import { Reader, type Response } from "mmdb-lib";
import { z } from "zod";
import { messageOf } from "../errors.js";
import type { AddressWords } from "../flow-log/address-value.js";
import { addressText, type AddressValue } from "../flow-log/cidr.js";
import { excerpt } from "../flow-log/excerpt.js";
import { viewOf } from "../flow-log/data-view.js";
import { NameFileError, type NameFormat } from "./name-file.js";

/** What a database knows of a network. */
export interface Whereabouts {
  /** The autonomous system: `AS16509 Amazon.com, Inc.` */
  readonly system?: string;
  readonly country?: string;
}

/** Begins the metadata, which end the file. https://maxmind.github.io/MaxMind-DB/ */
const MARKER = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
const MAX_METADATA_BYTES = 128 * 1024;
const SEPARATOR_BYTES = 16;
/** So many records are looked at before a database counts as one of something else. */
const TRIED_RECORDS = 100;
/** So many nodes are gone through for that: those of a broken database may lead back to each other. */
const TRIED_NODES = 100_000;

/** MaxMind's and DB-IP's records, and IPinfo's. */
const record = z.object({
  autonomous_system_number: z.number().optional().catch(undefined),
  autonomous_system_organization: z.string().optional().catch(undefined),
  asn: z.string().optional().catch(undefined),
  as_name: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  country: z
    .union([z.string(), z.object({ names: z.object({ en: z.string() }) }).transform(({ names }) => names.en)])
    .optional()
    .catch(undefined),
  country_name: z.string().optional().catch(undefined),
});

export const mmdb: NameFormat = {
  extension: ".mmdb",
  looksLike: (bytes) => hasMarker(bytes),

  async read({ file, bytes }) {
    const expected = `${file}: expected a MaxMind database (.mmdb) of countries or autonomous systems`;
    if (!hasMarker(bytes)) throw new NameFileError(`${expected}, got no database of that format`);
    let database: Mmdb;
    try {
      database = new Mmdb(bytes);
    } catch (error) {
      const reason = messageOf(error);
      throw new NameFileError(`${expected}: ${reason}`, { cause: error });
    }
    if (!database.knowsSomething()) {
      throw new NameFileError(`${expected}, got one of the type ${excerpt(database.type)}`);
    }
    return { source: "mmdb", database: bytes };
  },
};

function hasMarker(bytes: Buffer): boolean {
  return bytes.subarray(-MAX_METADATA_BYTES).includes(MARKER);
}

/**
 * A database of countries or autonomous systems. mmdb-lib decodes the metadata and the records. The tree is walked here:
 * by numbers, in a third of the time, so that each record is decoded once.
 */
export class Mmdb {
  readonly type: string;
  readonly #reader: Reader<Response>;
  readonly #tree: DataView;
  readonly #nodes: number;
  readonly #nodeBytes: number;
  readonly #isIPv6: boolean;
  readonly #ipv4Root: number;
  /** By record. */
  readonly #known = new Map<number, Whereabouts | undefined>();

  /** @throws Error when it isn't a whole database */
  constructor(bytes: Uint8Array) {
    this.#reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const { databaseType, ipVersion, nodeByteSize, nodeCount, searchTreeSize } = this.#reader.metadata;
    if (searchTreeSize + SEPARATOR_BYTES > bytes.length) throw new Error("its tree is longer than the file");
    this.type = databaseType;
    this.#tree = viewOf(bytes);
    this.#nodes = nodeCount;
    this.#nodeBytes = nodeByteSize;
    this.#isIPv6 = ipVersion === 6;
    this.#ipv4Root = this.#isIPv6 ? this.#walk(new Uint32Array(4), 0, 0, 96) : 0;
  }

  find(address: AddressValue): Whereabouts | undefined {
    const { version, words } = address;
    if (version === 6 && !this.#isIPv6) return undefined;
    const place = version === 4 ? this.#walk(words, this.#ipv4Root, 96, 128) : this.#walk(words, 0, 0, 128);
    if (place <= this.#nodes) return undefined;
    if (this.#known.has(place)) return this.#known.get(place);
    const whereabouts = this.#decode(address);
    this.#known.set(place, whereabouts);
    return whereabouts;
  }

  /** Whether one of its first records says anything of use. */
  knowsSomething(): boolean {
    let nodes = 0;
    let records = 0;
    // Nodes that are still to be visited, each with where it lies.
    const ahead: { node: number; words: AddressWords; depth: number }[] = [
      { node: 0, words: new Uint32Array(4), depth: this.#isIPv6 ? 0 : 96 },
    ];
    for (;;) {
      const next = ahead.pop();
      if (next === undefined || records === TRIED_RECORDS || ++nodes > TRIED_NODES) return false;
      const { node, words, depth } = next;
      if (node > this.#nodes) {
        records++;
        const version = words.subarray(0, 3).every((word) => word === 0) ? 4 : 6;
        if (this.#decode({ version, words }) !== undefined) return true;
      } else if (node < this.#nodes && depth < 128) {
        const right = words.slice();
        right[depth >>> 5] = (right[depth >>> 5] ?? 0) | (1 << (31 - (depth & 31)));
        ahead.push({ node: this.#childOf(node, 1), words: right, depth: depth + 1 });
        ahead.push({ node: this.#childOf(node, 0), words, depth: depth + 1 });
      }
    }
  }

  /** The place of a record when it is beyond the number of nodes, which itself means that there is none. */
  #walk(words: AddressWords, root: number, from: number, to: number): number {
    let node = root;
    for (let bit = from; bit < to && node < this.#nodes; bit++) {
      node = this.#childOf(node, ((words[bit >>> 5] ?? 0) >>> (31 - (bit & 31))) & 1);
    }
    return node;
  }

  /** Nodes are pairs of 24, 28 or 32 bits. Of 28, the byte between them has four bits of each. */
  #childOf(node: number, side: number): number {
    const at = node * this.#nodeBytes;
    if (this.#nodeBytes === 6) return this.#tree.getUint32(at + 3 * side) >>> 8;
    if (this.#nodeBytes === 8) return this.#tree.getUint32(at + 4 * side);
    if (side === 1) return this.#tree.getUint32(at + 3) & 0x0fff_ffff;
    const left = this.#tree.getUint32(at);
    return (left >>> 8) | ((left & 0xf0) << 20);
  }

  /** Undefined when the record says nothing of use, or can't be read. */
  #decode(address: AddressValue): Whereabouts | undefined {
    try {
      return whereaboutsOf(this.#reader.get(addressText(address)));
    } catch {
      return undefined;
    }
  }
}

function whereaboutsOf(data: unknown): Whereabouts | undefined {
  const { data: known } = record.safeParse(data);
  if (known === undefined) return undefined;
  const number = known.autonomous_system_number;
  const asn = number === undefined ? known.asn : `AS${number}`;
  const owner = known.autonomous_system_organization ?? known.as_name ?? known.name;
  const country = known.country_name ?? known.country;
  const system = asn === undefined ? undefined : owner === undefined ? asn : `${asn} ${owner}`;
  if (system === undefined && country === undefined) return undefined;
  return { ...(system !== undefined && { system }), ...(country !== undefined && { country }) };
}
