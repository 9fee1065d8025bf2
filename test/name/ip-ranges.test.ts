import { expect, test } from "vitest";
import { ipRangesOf, namesOf } from "./reading.js";

test("the service that says most names a network, wherever it stands in the file", async () => {
  const names = await namesOf({
    "ip-ranges.json": ipRangesOf([
      ["3.5.140.0/22", "AMAZON", "ap-northeast-2"],
      ["3.5.140.0/22", "EC2", "ap-northeast-2"],
      ["3.5.140.0/22", "S3", "ap-northeast-2"],
      ["3.0.0.0/9", "AMAZON", "us-east-1"],
      ["13.224.0.0/14", "CLOUDFRONT", "GLOBAL"],
      ["2600:1f00::/24", "EC2", "us-west-2"],
    ]),
  });
  expect(names.findText("3.5.140.7")).toMatchObject({
    text: "AWS S3 ap-northeast-2",
    group: "AWS",
    source: "ip-ranges",
  });
  expect(names.findText("3.5.140.7")?.side).toBeUndefined();
  expect(names.findText("3.1.0.0")?.text).toBe("AWS us-east-1");
  expect(names.findText("13.225.0.1")?.text).toBe("AWS CLOUDFRONT");
  expect(names.findText("2600:1f00::1")?.text).toBe("AWS EC2 us-west-2");
});

test("ten thousand networks: each is found", async () => {
  const prefixes = Array.from({ length: 10_000 }, (_, index) => {
    const network =
      index < 8000 ? `${16 + (index >> 8)}.${index & 255}.0.0/24` : `2600:${index.toString(16)}::/40`;
    return [network, `SERVICE${index % 20}`, `region-${index % 33}`] as const;
  });
  const names = await namesOf({ "ip-ranges.json": ipRangesOf(prefixes) });
  const found = prefixes.map(([cidr]) => names.findText(cidr.split("/")[0] ?? "")?.text);
  expect(found).toEqual(prefixes.map(([, service, region]) => `AWS ${service} ${region}`));
  expect(names.findText("16.0.1.0")).toBeUndefined();
});

test.each([
  ["<html>", /^ip-ranges\.json: expected AWS's ip-ranges\.json, with "prefixes" and "ipv6_prefixes"; /],
  ['{"prefixes":[]}', /; ipv6_prefixes: /],
  ['{"prefixes":[1],"ipv6_prefixes":[]}', /^ip-ranges\.json: prefixes\[0\]: /],
  [
    '{"prefixes":[],"ipv6_prefixes":[{"ipv6_prefix":"x","region":"r","service":"s"}]}',
    /^ip-ranges\.json: ipv6_prefixes\[0\]\.ipv6_prefix: expected a network such as 10\.0\.0\.0\/8, got "x"$/,
  ],
])("%s is a fault", async (content, message) => {
  await expect(namesOf({ "ip-ranges.json": content })).rejects.toThrow(message);
});
