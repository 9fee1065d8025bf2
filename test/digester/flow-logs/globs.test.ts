import { describe, expect, test } from "vitest";
import { parseGlobs } from "../../../src/digester/flow-logs/globs.js";

test.each([
  ["athena-results/**", "athena-results/a/b", true],
  ["athena-results/**", "x/athena-results/a", false],
  ["athena-results/", "x/athena-results/a", true],
  ["athena-results", "athena-results", true],
  ["*.csv", "a/b/c.csv", true],
  ["*.csv", "c.csv.gz", false],
  ["*.csv", "exports.csv/part-0", true],
  ["/a/*.log", "a/b.log", true],
  ["a/*.log", "a/b/c.log", false],
  ["a/**/c.log", "a/c.log", true],
  [".*", "a/.hidden", true],
  ["*.{csv,json}", "a/b.json", true],
  ["a/b*", "a/bc/d/e", true],
  ["year=2024/**", "year=2024/month=1/x", true],
])("%s over %s: %s", (pattern, key, matches) => {
  expect(parseGlobs([pattern]).matches(key)).toBe(matches);
});

describe("folders", () => {
  test.each([
    ["athena-results/**", "athena-results/", true],
    ["athena-results/**", "athena-results/a/b/", true],
    ["athena-results", "x/athena-results/", true],
    ["*.csv", "x/", false],
    ["a/*", "a/", true],
    ["a/?", "a/", false],
    ["a/*.log", "a/", false],
    ["**", "a/", true],
  ])("%s covers %s: %s", (pattern, folder, covers) => {
    expect(parseGlobs([pattern]).coversFolder(folder)).toBe(covers);
  });

  test.each([
    ["AWSLogs/**", "AWSLogs/", true],
    ["AWSLogs/123456789012/**", "AWSLogs/", true],
    ["AWSLogs/123456789012/**", "AWSLogs/210987654321/", false],
    ["AWSLogs/123456789012/**", "AWSLogs/123456789012/x/", true],
    ["AWSLogs/*/x", "other/", false],
    ["*.gz", "any/where/", true],
    ["AWSLogs/x.log", "AWSLogs/", true],
    ["AWSLogs/x.log", "AWSLogs2/", false],
  ])("something that %s matches may lie below %s: %s", (pattern, folder, may) => {
    expect(parseGlobs([pattern]).mayMatchBelow(folder)).toBe(may);
  });
});
