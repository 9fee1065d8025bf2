import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { findings } from "../../src/finding/findings.js";
import { parseMutes } from "../../src/finding/mute.js";
import { RULE_NAMES } from "../../src/finding/rules.js";
import { converse } from "../../src/view/converse.js";
import { TimeWindow } from "../../src/window.js";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { edgesOfRecords } from "../scene/edges-of-records.js";
import { sampleEdges } from "../view/sample.js";

const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);
const DIRECTORY = "test/fixtures/flow-logs";

function sampleFiles(): string[] {
  const names = readdirSync(DIRECTORY, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".gz"))
    .toSorted()
    .map((name) => gunzipSync(readFileSync(join(DIRECTORY, name))).toString());
}

const conversations = await converse(edgesOfRecords(window, sampleFiles()));

test("the sample's intruder is told as a story, each part with its times", () => {
  const list = findings(conversations, { window });
  expect(list.findings.map(({ title, severity }) => `${severity}: ${title}`)).toEqual([
    "high: 198.51.100.23 tried 45 ports of 2 hosts; answered: 10.20.0.51 on SSH (port 22) and 10.20.0.10 on HTTPS (port 443)",
    "high: 198.51.100.23, which tried 88 other ports in vain, was let in to SSH (port 22) of 10.20.0.51: 355 kB in, 1.1 MB out",
    "high: 10.20.0.51, which had let in 198.51.100.23, went on to 10.20.30.31 on PostgreSQL (port 5432) and 10.20.20.22 on SSH (port 22): 4.2 MB both ways",
    "high: 10.20.20.22 sent 35 MB to 198.51.100.77 on the Internet on port 4444 and got 1.0 MB back; no other host here talked to it",
  ]);
  expect(list.findings.map(({ rule, also }) => [rule, ...also])).toEqual([
    ["port-scan"],
    ["let-in", "exposed-service"],
    ["reached-from"],
    ["exfiltration", "odd-port"],
  ]);
  expect(list.findings.map(({ first, last }) => [first, last])).toEqual([
    ["2024-06-01T23:19:32Z", "2024-06-02T00:49:05Z"],
    ["2024-06-01T23:19:38Z", "2024-06-02T00:49:05Z"],
    ["2024-06-01T23:56:42Z", "2024-06-02T00:48:11Z"],
    ["2024-06-02T00:04:43Z", "2024-06-02T00:59:54Z"],
  ]);
  expect(list.findings.map(({ where }) => where)).toEqual([
    "from:198.51.100.23 to:10.20.0.51,10.20.0.10",
    "from:198.51.100.23 to:10.20.0.51 port:22",
    "from:10.20.0.51 to:10.20.30.31,10.20.20.22 port:5432,22",
    "from:10.20.20.22 to:198.51.100.77",
  ]);
  expect(list).toMatchObject({ muted: 0, more: 0, unknown: ["flags"] });
});

test("a finding has the same id in another window", async () => {
  const later = TimeWindow.parse("2024-06-02T00:00:00Z", SAMPLE_WINDOW.stop);
  const inHour = findings(await converse(edgesOfRecords(later, sampleFiles())), { window: later });
  const all = findings(conversations, { window });
  const idOf = ({ findings: list }: typeof all) => list.find(({ ports }) => ports.includes(4444))?.id;
  expect(idOf(all)).toMatch(/^exfiltration-[0-9a-f]{10}$/);
  expect(idOf(inHour)).toBe(idOf(all));
});

test("a DOT tells no times: it says so, and the rules that need them find nothing", async () => {
  const list = findings(await converse(sampleEdges()), { window });
  expect(list.unknown).toEqual(["times", "activity", "flows", "flags"]);
  expect(list.findings.map(({ rule }) => rule)).toEqual(["port-scan", "let-in", "exfiltration"]);
  expect(list.findings.map(({ first }) => first)).toEqual([null, null, null]);
});

test("a limit leaves out the least, and counts them", () => {
  const list = findings(conversations, { window, limit: 1 });
  expect(list.findings.map(({ rule }) => rule)).toEqual(["port-scan"]);
  expect(list.more).toBe(3);
});

test("what is muted is left out and counted, and nothing is built on it", () => {
  const mute = parseMutes("let-in,198.51.100.0/24,22\nexposed-service,10.20.0.51,*", RULE_NAMES);
  const list = findings(conversations, { window, mute });
  expect(list.findings.map(({ rule }) => rule)).not.toContain("reached-from");
  expect(list.findings.map(({ rule }) => rule)).not.toContain("let-in");
  expect(list.muted).toBe(2);
});

test("hosts are named where names are known", () => {
  const names = new Map([["10.20.0.51", "bastion"]]);
  const [, second] = findings(conversations, { window, nameOf: (address) => names.get(address) }).findings;
  expect(second?.title).toContain("was let in to SSH (port 22) of bastion (10.20.0.51)");
});
