import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AddressTable } from "../../src/graph/address-table.js";
import { isAddress } from "../../src/flow-log/address.js";
import { isAddressAt } from "../../src/graph/address.js";

function viewOf(text: string): DataView {
  return new DataView(new Uint8Array(Buffer.from(`..${text}..`, "latin1")).buffer);
}

function add(table: AddressTable, text: string): boolean {
  return table.add(viewOf(text), 2, 2 + text.length);
}

function textsOf(table: AddressTable): string[] {
  const texts: string[] = [];
  for (const page of table.pages()) {
    page.forEach((view, from, to) => {
      texts.push(Buffer.from(view.buffer, from, to - from).toString());
    });
  }
  return texts;
}

test("holds each address once, in order of first appearance", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6())), (addresses) => {
      const table = new AddressTable();
      for (const address of [...addresses, ...addresses]) expect(add(table, address)).toBe(true);
      expect(textsOf(table)).toEqual([...new Set(addresses)]);
      expect(table.size).toBe(new Set(addresses).size);
    }),
  );
});

test("grows, over several pages", () => {
  const table = new AddressTable();
  const addresses = Array.from({ length: 100_000 }, (_, i) =>
    i % 3 === 0 ? `2001:db8::${i.toString(16)}` : `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`,
  ).filter((address) => isAddress(address));
  for (const address of [...addresses, ...addresses]) add(table, address);
  expect(textsOf(table)).toEqual(addresses);
  expect(table.pages().length).toBeGreaterThan(4);
});

test("takes nothing that is no address", () => {
  const table = new AddressTable();
  const tooLong = `1:${"0".repeat(60)}::`;
  for (const text of ["", "-", "10.0.0", "10.0.0.256", "fe80::1%1", "1.2.3.\u00b2", tooLong]) {
    expect(add(table, text)).toBe(false);
  }
  expect(textsOf(table)).toEqual([]);
  expect(add(table, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")).toBe(true);
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
      expect(isAddressAt(viewOf(text), 2, 2 + text.length)).toBe(isAddress(text));
    }),
    { numRuns: 2000 },
  );
});
