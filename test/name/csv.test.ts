import { expect, test } from "vitest";
import { namesOf } from "./reading.js";

test("the longest prefix wins, in whatever order", async () => {
  const names = await namesOf({
    "names.csv":
      "10.0.0.0/8,all\n10.1.2.0/24,web,shop\n10.1.0.0/16,shop\n10.1.2.3,web-1,shop\n2001:db8::/32,v6\n",
  });
  const found = (address: string) => names.findText(address)?.text;
  expect(found("10.1.2.3")).toBe("web-1");
  expect(found("10.1.2.4")).toBe("web");
  expect(found("10.1.3.4")).toBe("shop");
  expect(found("10.2.0.0")).toBe("all");
  expect(found("11.0.0.0")).toBeUndefined();
  expect(found("2001:DB8::1")).toBe("v6");
  expect(found("::ffff:10.1.2.3")).toBe("web-1");
  expect(found("host")).toBeUndefined();
  expect(names.findText("10.1.2.4")).toMatchObject({ text: "web", group: "shop", source: "csv" });
  expect(names.findText("10.1.2.5")).toBe(names.findText("10.1.2.4"));
});

test("titles, comments, blank lines, quotes, spaces, empty cells, a byte order mark and CRLF are understood", async () => {
  const names = await namesOf({
    "names.csv":
      '\ufeff# ours\r\n\r\n"CIDR",name,group\r\n 10.0.0.0/24 , "Köln, ""Dom""" , \r\n  # more\r\n10.0.1.0/24,b,g,,,\r\n10.0.2.0/24,last',
  });
  expect(names.findText("10.0.0.1")).toMatchObject({ text: 'Köln, "Dom"' });
  expect(names.findText("10.0.0.1")?.group).toBeUndefined();
  expect(names.findText("10.0.1.1")).toMatchObject({ text: "b", group: "g" });
  expect(names.findText("10.0.2.1")?.text).toBe("last");
});

test("a name says on which side its addresses are only where it is told to", async () => {
  const names = await namesOf({
    "names.csv":
      "203.0.113.0/24,Berlin,offices,inside\n198.51.100.0/24,VPN,Inside\n10.9.0.0/16,partner,internet\n192.0.2.0/24,shop\n",
  });
  const side = (address: string) => names.findText(address)?.side;
  expect(side("203.0.113.1")).toBe("inside");
  expect(side("198.51.100.1")).toBe("inside");
  expect(side("10.9.0.1")).toBe("internet");
  expect(side("192.0.2.1")).toBeUndefined();
});

test("of one network named twice the first name counts, across files too", async () => {
  const names = await namesOf({
    "a.csv": "10.0.0.0/24,first\n10.0.0.0/24,second\n10.1.0.0/16,wide\n",
    "b.csv": "10.0.0.0/24,third\n10.1.2.0/24,narrow\n",
  });
  expect(names.findText("10.0.0.1")?.text).toBe("first");
  expect(names.findText("10.1.2.1")?.text).toBe("narrow");
  expect(names.findText("10.1.3.1")?.text).toBe("wide");
});

test("every fault is told with its file, line and what was expected", async () => {
  const reading = namesOf({
    "names.csv": [
      "10.0.0.0/8,fine",
      "10.0.0.0/33,a",
      "10.1.0.0/8,b",
      "10.0.0.1",
      "10.0.0.1,x,y,outside",
      "10.0.0.1,x,y,inside,z",
      '10.0.0.1,"x',
      "10.0.0.1,\x07",
      "cidr,name",
    ].join("\n"),
  });
  const row = "cidr,name[,group[,side]]";
  await expect(reading).rejects.toThrow(
    `names.csv: line 2: expected ${row} with a network such as 10.0.0.0/8 or 2001:db8::/32, or an address, got "10.0.0.0/33,a"; ` +
      'line 3: expected a network without bits beyond its prefix, such as 10.0.0.0/8, got "10.1.0.0/8,b"; ' +
      `line 4: expected ${row} with a name of 1 to 128 characters, got "10.0.0.1"; ` +
      'line 5: expected inside or internet as the fourth cell, or nothing, got "10.0.0.1,x,y,outside"; ' +
      `line 6: expected ${row} and no more, got "10.0.0.1,x,y,inside,z"; ` +
      'line 7: expected cells separated by commas, each in a pair of double quotes or without any, got "10.0.0.1,\\"x"; ' +
      `line 8: expected ${row} with a name of 1 to 128 characters, got "10.0.0.1,\\u0007"; ` +
      `line 9: expected ${row} with a network`,
  );
});

test("of many faults the first ten are told; what isn't UTF-8 is one", async () => {
  const many = namesOf({ "names.csv": "x\n".repeat(1000) });
  await expect(many).rejects.toThrow(/line 10: [^;]*; there are more$/);
  const latin1 = namesOf({ "names.csv": Buffer.from("10.0.0.0/8,K\xf6ln\n", "latin1") });
  await expect(latin1).rejects.toThrow("names.csv: line 1: expected UTF-8 text of at most 4096 bytes");
});

test("a file whose name says nothing is told by its content", async () => {
  const names = await namesOf({
    hosts: "10.0.0.1,web\n",
    ranges:
      ' \n{"prefixes":[{"ip_prefix":"3.0.0.0/8","region":"eu-west-1","service":"S3"}],"ipv6_prefixes":[]}',
  });
  expect(names.findText("10.0.0.1")?.source).toBe("csv");
  expect(names.findText("3.0.0.1")?.source).toBe("ip-ranges");
});

test("a name that many networks have is one, however far apart they stand", async () => {
  const others = Array.from({ length: 10_000 }, (_, n) => `10.1.${n >> 8}.${n & 255},host-${n}`);
  const names = await namesOf({ "names.csv": ["10.0.0.1,web", ...others, "10.0.0.2,web"].join("\n") });
  expect(names.findText("10.0.0.1")?.text).toBe("web");
  expect(names.findText("10.0.0.1")).toBe(names.findText("10.0.0.2"));
  expect(names.findText("10.1.39.15")?.text).toBe("host-9999");
});

test("an empty file has no names", async () => {
  expect((await namesOf({ "names.csv": "" })).findText("10.0.0.1")).toBeUndefined();
});
