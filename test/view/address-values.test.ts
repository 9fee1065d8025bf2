import { BlockList, isIPv4 } from "node:net";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newAddressTable } from "../../src/flow-log/address.js";
import { addressText, parseAddress, parseCidr } from "../../src/flow-log/cidr.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import { AddressValues } from "../../src/view/address-values.js";
import { isPrivate } from "../../src/view/internet.js";

const text = Buffer.alloc(64);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "1::",
    "FE80::A",
    "64:ff9b::1.2.3.4",
    "0.0.0.0",
    "255.255.255.255",
  ),
);

function tableOf(...addresses: string[]): { values: AddressValues; numbers: number[] } {
  const table = newAddressTable();
  const numbers = addresses.map((each) => table.intern(viewOf(text), 0, text.write(each, "latin1")));
  return { values: new AddressValues(table), numbers };
}

test("addresses are read as the URL standard reads them", () => {
  fc.assert(
    fc.property(address, (each) => {
      const value = parseAddress(each);
      const written = value && addressText(value);
      if (isIPv4(each)) expect(written).toBe(each);
      else expect(new URL(`http://[${written}]`).host).toBe(new URL(`http://[${each}]`).host);
    }),
  );
});

test("addresses are within the networks that Node's own list has them in", () => {
  fc.assert(
    fc.property(address, address, fc.nat({ max: 128 }), (each, network, bits) => {
      const prefix = isIPv4(network) ? bits % 33 : bits;
      const list = new BlockList();
      list.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
      const { values, numbers } = tableOf(each);
      const cidr = parseCidr(`${network}/${prefix}`);
      if (cidr === undefined) throw new Error(`no CIDR: ${network}/${prefix}`);
      const isWithin = values.isWithin(numbers[0] ?? 0, cidr.words, cidr.version, cidr.prefix);
      // Node takes IPv4 in IPv6 for IPv4.
      if (/^::ffff:/i.test(each) || /^::ffff:/i.test(network)) return;
      expect(isWithin).toBe(
        list.check(each, isIPv4(each) ? "ipv4" : "ipv6") && isIPv4(each) === isIPv4(network),
      );
    }),
  );
});

test("addresses are in the order of their values, IPv4 first", () => {
  const sorted = [
    "0.0.0.1",
    "9.0.0.1",
    "10.0.0.1",
    "10.0.0.10",
    "200.0.0.1",
    "::1",
    "2001:db8::1",
    "fe80::1",
  ];
  const { values, numbers } = tableOf(...sorted.toReversed());
  expect(numbers.toSorted((a, b) => values.compare(a, b))).toEqual(numbers.toReversed());
});

test.each([
  ["10.255.255.255", true],
  ["11.0.0.0", false],
  ["172.16.0.1", true],
  ["172.32.0.1", false],
  ["192.168.1.1", true],
  ["100.64.0.1", true],
  ["100.128.0.1", false],
  ["169.254.169.254", true],
  ["127.0.0.1", true],
  ["224.0.0.251", true],
  ["255.255.255.255", true],
  ["8.8.8.8", false],
  ["fd12::1", true],
  ["fe80::1", true],
  ["ff02::1", true],
  ["::1", true],
  ["::ffff:10.0.0.1", true],
  ["::ffff:8.8.8.8", false],
  ["2600:1f18::1", false],
])("%s is private: %s", (each, expected) => {
  const { values, numbers } = tableOf(each);
  expect(isPrivate(values, numbers[0] ?? 0)).toBe(expected);
});
