import { ByteTable } from "./byte-table.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const DELETE = 0x7f;
const MAX_NAME_BYTES = 256;

/** For accounts or interfaces: 1 to 256 printable ASCII characters without space or quote. */
export function newNameTable(): ByteTable {
  return new ByteTable(isNameAt, MAX_NAME_BYTES);
}

function isNameAt(view: DataView, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = view.getUint8(at);
    if (byte <= SPACE || byte === QUOTE || byte >= DELETE) return false;
  }
  return true;
}
