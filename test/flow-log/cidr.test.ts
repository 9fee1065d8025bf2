import { BlockList } from "node:net";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressText, cidrText, networkOf, parseAddress, parseCidr } from "../../src/flow-log/cidr.js";

test("what is read of an address is the same address", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const parsed = parseAddress(text);
      if (parsed === undefined) throw new Error(text);
      // Node's own reading of both.
      const list = new BlockList();
      list.addAddress(text, parsed.version === 4 ? "ipv4" : "ipv6");
      expect(list.check(addressText(parsed), parsed.version === 4 ? "ipv4" : "ipv6")).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("an IPv6 address is written as URLs have it", () => {
  const group = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((each) => each.toString(16)).join(":");
      const parsed = parseAddress(text);
      expect(parsed && `[${addressText(parsed)}]`).toBe(new URL(`http://[${text}]`).hostname);
    }),
    { numRuns: 1000 },
  );
});

test("a network is what Node takes for it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (text, bits) => {
      const version = parseAddress(text)?.version;
      const prefix = version === 4 ? bits % 33 : bits;
      const cidr = parseCidr(`${text}/${prefix}`);
      if (cidr === undefined) throw new Error(text);
      const network = networkOf(cidr);
      const family = version === 4 ? "ipv4" : "ipv6";
      const list = new BlockList();
      list.addSubnet(text, prefix, family);
      expect(list.check(addressText(network), family)).toBe(true);
      expect(parseCidr(cidrText(network))).toEqual(network);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  "",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "10.0.0/8",
  "010.0.0.0/8",
  "::/129",
  "fe80::1%eth0/64",
  "10.0.0.0/8/8",
  "10.0.0.0 /8",
])("%j is no network", (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test("an address is a network of one", () => {
  expect(parseCidr("10.0.0.1")?.prefix).toBe(32);
  expect(parseCidr("::1")?.prefix).toBe(128);
});
