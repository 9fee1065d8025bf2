/**
 * Values of Thrift's compact protocol, as far as Parquet's headers and footer need them.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type Thrift =
  | { readonly type: typeof TRUE | typeof FALSE }
  | { readonly type: typeof I16 | typeof I32 | typeof I64; readonly value: number }
  | { readonly type: typeof BINARY; readonly bytes: Uint8Array }
  | { readonly type: typeof LIST; readonly of: ThriftType; readonly items: readonly Thrift[] }
  | { readonly type: typeof STRUCT; readonly fields: readonly Field[] };
type ThriftType = Thrift["type"];
/** Id and value, ids ascending. Undefined is left out. */
type Field = readonly [id: number, value: Thrift | undefined];

const TRUE = 1;
const FALSE = 2;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
const STOP = 0;
/** A list of so many items or more has its length in bytes of its own. */
const LONG_LIST = 15;

export const flag = (value: boolean): Thrift => ({ type: value ? TRUE : FALSE });
export const i16 = (value: number): Thrift => ({ type: I16, value });
export const i32 = (value: number): Thrift => ({ type: I32, value });
/** @param value whole, below 2^52 */
export const i64 = (value: number): Thrift => ({ type: I64, value });
export const text = (value: string): Thrift => ({ type: BINARY, bytes: Buffer.from(value) });
export const binary = (bytes: Uint8Array): Thrift => ({ type: BINARY, bytes });
export const struct = (...fields: Field[]): Thrift => ({ type: STRUCT, fields });

/** Items of one type. */
export function list(items: readonly Thrift[]): Thrift {
  return { type: LIST, of: items[0]?.type ?? STRUCT, items };
}

export function encodeThrift(value: Thrift): Buffer {
  const bytes: number[] = [];
  put(bytes, value);
  return Buffer.from(bytes);
}

function put(bytes: number[], value: Thrift): void {
  switch (value.type) {
    // A field's header says it all.
    case TRUE:
    case FALSE:
      return;
    case I16:
    case I32:
    case I64:
      putVarint(bytes, value.value < 0 ? -2 * value.value - 1 : 2 * value.value);
      return;
    case BINARY:
      putVarint(bytes, value.bytes.length);
      for (const byte of value.bytes) bytes.push(byte);
      return;
    case LIST:
      bytes.push((Math.min(value.items.length, LONG_LIST) << 4) | value.of);
      if (value.items.length >= LONG_LIST) putVarint(bytes, value.items.length);
      for (const item of value.items) put(bytes, item);
      return;
    case STRUCT: {
      let last = 0;
      for (const [id, field] of value.fields) {
        if (field === undefined) continue;
        bytes.push(((id - last) << 4) | field.type);
        put(bytes, field);
        last = id;
      }
      bytes.push(STOP);
    }
  }
}

function putVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}
