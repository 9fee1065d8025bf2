import { type Cidr, parseCidr } from "../../src/flow-log/cidr.js";

/** What a record may hold: as much of the format as the databases that are read here use. */
export type MmdbValue = string | number | { readonly [key: string]: MmdbValue };

export interface MmdbOptions {
  readonly type: string;
  readonly ipVersion?: 4 | 6;
  readonly recordSize?: 24 | 28 | 32;
}

type Tree = [Child, Child];
type Child = Tree | { readonly offset: number } | undefined;

/**
 * Writes a database as MaxMind's specification says, https://maxmind.github.io/MaxMind-DB/. Networks must not lie within
 * each other.
 */
export function mmdbOf(
  records: readonly (readonly [cidr: string, value: MmdbValue])[],
  { type, ipVersion = 6, recordSize = 24 }: MmdbOptions,
): Buffer {
  const data: Buffer[] = [];
  let dataBytes = 0;
  const offsets = new Map<string, number>();
  const root: Tree = [undefined, undefined];
  for (const [text, value] of records) {
    const key = JSON.stringify(value);
    const offset = offsets.get(key) ?? dataBytes;
    if (!offsets.has(key)) {
      offsets.set(key, offset);
      const encoded = encode(value);
      data.push(encoded);
      dataBytes += encoded.length;
    }
    plant(root, bitsOf(text, ipVersion), offset);
  }
  const nodes: Tree[] = [root];
  const numbers = new Map<Tree, number>([[root, 0]]);
  for (const node of nodes) {
    for (const child of node) if (Array.isArray(child)) numbers.set(child, nodes.push(child) - 1);
  }
  const valueOf = (child: Child) =>
    child === undefined
      ? nodes.length
      : Array.isArray(child)
        ? (numbers.get(child) ?? 0)
        : nodes.length + 16 + child.offset;
  const tree = nodes.map(([left, right]) => nodeOf(valueOf(left), valueOf(right), recordSize));
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_717_200_000,
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.length,
    record_size: recordSize,
  });
  const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
  return Buffer.concat([...tree, Buffer.alloc(16), ...data, marker, metadata]);
}

/** IPv4 lies in the first 2^32 addresses of IPv6. */
function bitsOf(text: string, ipVersion: 4 | 6): number[] {
  const cidr: Cidr | undefined = parseCidr(text);
  if (cidr === undefined) throw new RangeError(`${text} is no network`);
  const { version, words, prefix } = cidr;
  const all = [...words].flatMap((word) => Array.from({ length: 32 }, (_, bit) => (word >>> (31 - bit)) & 1));
  const to = version === 4 ? 96 + prefix : prefix;
  return all.slice(ipVersion === 4 ? 96 : 0, to);
}

function plant(root: Tree, bits: readonly number[], offset: number): void {
  let node = root;
  for (const [index, bit] of bits.entries()) {
    const side = bit === 0 ? 0 : 1;
    const child = node[side];
    if (index === bits.length - 1) {
      if (child !== undefined) throw new RangeError("networks lie within each other");
      node[side] = { offset };
    } else if (child === undefined) {
      const next: Tree = [undefined, undefined];
      node[side] = next;
      node = next;
    } else if (Array.isArray(child)) {
      node = child;
    } else throw new RangeError("networks lie within each other");
  }
}

function nodeOf(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const node = Buffer.alloc(recordSize / 4);
  if (recordSize === 32) {
    node.writeUInt32BE(left, 0);
    node.writeUInt32BE(right, 4);
    return node;
  }
  node.writeUIntBE(left & 0xff_ffff, 0, 3);
  node.writeUIntBE(right & 0xff_ffff, recordSize === 24 ? 3 : 4, 3);
  if (recordSize === 28) node[3] = ((left >>> 24) << 4) | (right >>> 24);
  return node;
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === "string") {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === "number") {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), number]);
  }
  const entries = Object.entries(value);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, item]) => [encode(key), encode(item)]),
  ]);
}

/** Type and size, which is below 285. */
function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
