import { instantiate } from "../web-assembly.js";
import { DIGITS_AND_DOT, DISTANCES, LENGTHS, LITERALS, type Code } from "./deflate-code.js";

/** What `assembly/dot.ts` exports: places in its memory, and functions. */
export interface DotExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly LITERAL_CODES: Place;
  readonly LENGTH_CODES: Place;
  readonly DISTANCE_CODES: Place;
  readonly DIGIT_CODES: Place;
  readonly PIECES: Place;
  readonly PIECE_BYTES: Place;
  readonly PACKETS: Place;
  readonly BYTES: Place;
  readonly START: Place;
  readonly END: Place;
  readonly NAMES: Place;
  readonly SOURCE_PORT: Place;
  readonly DESTINATION_PORT: Place;
  readonly PROTOCOL: Place;
  readonly REJECTED: Place;
  readonly ADDRESS_LENGTHS: Place;
  readonly ADDRESSES: Place;
  readonly TEXT: Place;
  readonly TEXT_FULL: Place;
  readonly OUTPUT: Place;
  readonly OUTPUT_FULL: Place;
  readonly KEPT_NAMES: Place;
  readonly INPUT: Place;
  readonly ODD_LINE: Place;
  reset(): void;
  put(bits: number, count: number): void;
  open(): void;
  edges(from: number, to: number): number;
  forgetRecent(): void;
  lines(from: number, to: number): number;
  readonly lineCount: Place;
  readonly rejectedCount: Place;
  oddLine(end: number, rejected: boolean): void;
  nodes(count: number): void;
  close(): void;
  align(): void;
  textEnd(): number;
  textTaken(): void;
  outputEnd(): number;
  outputTaken(): void;
}
interface Place {
  readonly value: number;
}

/** Each stands in an attribute and in a line of the label, after what ends the value before it. */
const VALUES = ["eniID", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"];
/** In the order of `assembly/dot.ts`. */
const PIECES = [
  "digraph {\n",
  "}\n",
  '\t"',
  '" -> "',
  '" [label="',
  '"]\n',
  '" [govpc_accountID="',
  '" color=green label="accountID=',
  '" color=red label="accountID=',
  ...VALUES.map((name) => `" govpc_${name}="`),
  ...VALUES.map((name) => `\\n${name}=`),
];

/**
 * A new kernel with its memory, and in this what never changes.
 *
 * @param addNode whether what is between two places is an address, which is a node from now on
 */
export function newDotExports(addNode: (from: number, to: number) => boolean): DotExports {
  // The exports are those of `assembly/dot.ts`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const exports = instantiate("graph/dot.wasm", { recent: { addNode } }) as unknown as DotExports;
  const memory = Buffer.from(exports.memory.buffer);
  setCodes(memory, exports.LITERAL_CODES, LITERALS);
  setCodes(memory, exports.LENGTH_CODES, LENGTHS);
  setCodes(memory, exports.DISTANCE_CODES, DISTANCES);
  for (const byte of Buffer.from(DIGITS_AND_DOT)) {
    memory[exports.DIGIT_CODES.value + (byte & 0x0f)] = LITERALS[byte]?.bits ?? 0;
  }
  for (const [i, piece] of PIECES.entries()) {
    const at = exports.PIECES.value + i * exports.PIECE_BYTES.value;
    memory.writeUInt32LE(piece.length, at);
    memory.write(piece, at + 4, "latin1");
  }
  return exports;
}

function setCodes(memory: Buffer, place: Place, codes: readonly Code[]): void {
  for (const [i, { bits, count }] of codes.entries()) {
    memory.writeUInt32LE(bits + count * 2 ** 24, place.value + 4 * i);
  }
}
