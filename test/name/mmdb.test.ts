import { Reader } from "mmdb-lib";
import { expect, test } from "vitest";
import { mmdbOf } from "../support/mmdb.js";
import { ipRangesOf, namesOf } from "./reading.js";

const germany = { country: { iso_code: "DE", names: { en: "Germany", fr: "Allemagne" } } };
const system = { autonomous_system_number: 16_509, autonomous_system_organization: "Amazon.com, Inc." };

test.each([24, 28, 32] as const)("a database with records of %i bits", async (recordSize) => {
  const bytes = mmdbOf(
    [
      ["203.0.113.0/24", germany],
      ["198.51.100.128/25", germany],
      ["2001:db8::/32", germany],
    ],
    { type: "GeoLite2-Country", recordSize },
  );
  // What is written here is what others read.
  expect(new Reader(bytes).get("203.0.113.7")).toEqual(germany);
  const names = await namesOf({ "country.mmdb": bytes });
  for (const address of ["203.0.113.0", "203.0.113.255", "198.51.100.200", "2001:db8:ffff::1"]) {
    expect(names.findText(address)).toMatchObject({ text: "Germany", group: "Germany", source: "mmdb" });
  }
  for (const address of ["203.0.112.255", "198.51.100.127", "2001:db9::1", "::1"]) {
    expect(names.findText(address)).toBeUndefined();
  }
  expect(names.findText("203.0.113.1")).toBe(names.findText("2001:db8::5"));
});

test("a database of IPv4 alone", async () => {
  const bytes = mmdbOf([["203.0.113.0/24", system]], { type: "GeoLite2-ASN", ipVersion: 4 });
  const names = await namesOf({ "asn.mmdb": bytes });
  expect(names.findText("203.0.113.9")).toMatchObject({ text: "AS16509 Amazon.com, Inc.", source: "mmdb" });
  expect(names.findText("203.0.113.9")?.group).toBeUndefined();
  expect(names.findText("2001:db8::1")).toBeUndefined();
});

test("systems are in countries, whichever file comes first", async () => {
  const names = await namesOf({
    "country.mmdb": mmdbOf([["203.0.0.0/16", germany]], { type: "GeoLite2-Country" }),
    "asn.mmdb": mmdbOf([["203.0.113.0/24", system]], { type: "GeoLite2-ASN" }),
  });
  expect(names.findText("203.0.113.9")).toMatchObject({ text: "AS16509 Amazon.com, Inc.", group: "Germany" });
  expect(names.findText("203.0.113.9")?.file).toMatch(/asn\.mmdb$/);
  expect(names.findText("203.0.1.1")).toMatchObject({ text: "Germany", group: "Germany" });
});

test("IPinfo's records", async () => {
  const record = { country: "Germany", country_code: "DE", asn: "AS3320", as_name: "Deutsche Telekom AG" };
  const names = await namesOf({ "lite.mmdb": mmdbOf([["203.0.113.0/24", record]], { type: "ipinfo lite" }) });
  expect(names.findText("203.0.113.1")).toMatchObject({
    text: "AS3320 Deutsche Telekom AG",
    group: "Germany",
  });
});

test("a file that is no such database says so", async () => {
  const expected = "x.mmdb: expected a MaxMind database (.mmdb) of countries or autonomous systems";
  await expect(namesOf({ "x.mmdb": "hello" })).rejects.toThrow(`${expected}, got no database of that format`);
  const other = mmdbOf([["203.0.113.0/24", { is_tor_exit_node: 1 }]], { type: "Anonymous-IP" });
  await expect(namesOf({ "x.mmdb": other })).rejects.toThrow(
    `${expected}, got one of the type "Anonymous-IP"`,
  );
  const whole = mmdbOf([["203.0.113.0/24", germany]], { type: "Country" });
  await expect(namesOf({ "x.mmdb": whole.subarray(0, whole.length - 200) })).rejects.toThrow(expected);
  await expect(namesOf({ "x.mmdb": whole.subarray(500) })).rejects.toThrow(expected);
});

test("the most trusted one names an address: CSV, the log, ip-ranges, databases", async () => {
  const names = await namesOf({
    "country.mmdb": mmdbOf([["203.0.113.0/24", germany]], { type: "Country" }),
    "ip-ranges.json": ipRangesOf([["203.0.113.0/25", "S3", "eu-central-1"]]),
    "names.csv": "203.0.113.0/26,ours\n",
  });
  const ofLog = { text: "i-0123", source: "log" } as const;
  const sources = (address: string) =>
    [names.findText(address), names.findText(address, ofLog)].map((name) => name?.source);
  expect(sources("203.0.113.1")).toEqual(["csv", "csv"]);
  expect(sources("203.0.113.65")).toEqual(["ip-ranges", "log"]);
  expect(sources("203.0.113.129")).toEqual(["mmdb", "log"]);
  expect(sources("192.0.2.1")).toEqual([undefined, "log"]);
});
