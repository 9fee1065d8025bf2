import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isAddress, isAddressAt, newAddressTable } from "../../src/flow-log/address.js";
import type { ByteTable } from "../../src/flow-log/byte-table.js";
import { newNameTable } from "../../src/flow-log/name-table.js";
import { OVERRUN_BYTES, viewOf } from "../../src/flow-log/data-view.js";

/** Among other bytes, for whatever looks too far. */
function around(text: string): DataView {
  return viewOf(Buffer.from(`..${text}..`, "latin1"));
}

function intern(table: ByteTable, text: string): number {
  return table.intern(around(text), 2, 2 + text.length);
}

function textsOf(table: ByteTable): string[] {
  const texts: string[] = [];
  for (const page of table.pages()) {
    page.forEach((view, from, to) => {
      texts.push(Buffer.from(view.buffer, from, to - from).toString());
    });
  }
  return texts;
}

function copyOf(table: ByteTable, number: number): string {
  const target = Buffer.alloc(256 + OVERRUN_BYTES);
  return target.toString("latin1", 0, table.copy(number, viewOf(target), 0));
}

const name = fc.string({
  unit: fc.constantFrom("a", "b", "!", "#", "~", "\\", "-", "0", "9"),
  minLength: 1,
  maxLength: 256,
});

test("holds each text once, in order of first appearance, and gives it back", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), name)), (texts) => {
      const table = newNameTable();
      const numbers = texts.map((text) => intern(table, text));
      expect(texts.map((text) => intern(table, text))).toEqual(numbers);
      expect(numbers.map((number) => copyOf(table, number))).toEqual(texts);
      expect(textsOf(table)).toEqual([...new Set(texts)]);
      expect(table.size).toBe(new Set(texts).size);
    }),
  );
});

test("gives texts that differ in one byte numbers of their own", () => {
  fc.assert(
    fc.property(name, fc.nat(), (text, position) => {
      const table = newNameTable();
      const at = position % text.length;
      const other = `${text.slice(0, at)}X${text.slice(at + 1)}`;
      expect(intern(table, other)).not.toBe(intern(table, text));
    }),
  );
});

test("grows, over several pages", () => {
  const table = newAddressTable();
  const addresses = Array.from({ length: 100_000 }, (_, i) =>
    i % 3 === 0 ? `2001:db8::${i.toString(16)}` : `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`,
  ).filter((address) => isAddress(address));
  const numbers = addresses.map((address) => intern(table, address));
  expect(addresses.map((address) => intern(table, address))).toEqual(numbers);
  expect(numbers.map((number) => copyOf(table, number))).toEqual(addresses);
  expect(textsOf(table)).toEqual(addresses);
  expect(table.pages().length).toBeGreaterThan(4);
});

test("takes nothing that is no address", () => {
  const table = newAddressTable();
  const tooLong = `1:${"0".repeat(60)}::`;
  for (const text of ["", "-", "10.0.0", "10.0.0.256", "fe80::1%1", "1.2.3.\u00b2", tooLong]) {
    expect(intern(table, text)).toBe(-1);
  }
  expect(textsOf(table)).toEqual([]);
  expect(intern(table, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")).toBe(0);
});

test("takes nothing that is no name", () => {
  const table = newNameTable();
  for (const text of ["", "a b", 'a"b', "a\n", "eni-\u00e9", "\u007f", "a".repeat(257)]) {
    expect(intern(table, text)).toBe(-1);
  }
  expect(table.size).toBe(0);
});

test("bytes are an address exactly when their text is", () => {
  const nearlyIPv4 = fc
    .array(fc.constantFrom("0", "1", "00", "01", "10", "25", "255", "256", "999", "1111", "", "a", "-1"), {
      minLength: 3,
      maxLength: 5,
    })
    .map((octets) => octets.join("."));
  const digitsAndDots = fc.string({ unit: fc.constantFrom("1", "2", "0", ".", ":"), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(nearlyIPv4, digitsAndDots, fc.ipV4(), fc.ipV6()), (text) => {
      expect(isAddressAt(around(text), 2, 2 + text.length)).toBe(isAddress(text));
    }),
    { numRuns: 2000 },
  );
});
