import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { TimeWindow } from "../../../src/window.js";
import { digesterOf, directoryOf } from "./digesting.js";

const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");

/** A file of a flow log with a record of each of these interfaces. */
function file(flowLog: string, ...interfaces: string[]): [string, string] {
  const records = interfaces.map(
    (name, index) =>
      `2 123456789010 ${name} 10.0.${index}.1 10.0.0.2 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK\n`,
  );
  return [`123456789010_vpcflowlogs_eu-west-1_${flowLog}_20141214T0405Z_abc.log`, records.join("")];
}

async function warningsOf(...files: [string, string][]): Promise<readonly string[] | undefined> {
  const digester = digesterOf(directoryOf(Object.fromEntries(files)));
  const digest = await digester.digest(window, new AbortController().signal);
  await text(bodyOf(digest));
  const { warnings } = digest;
  return warnings;
}

test("two flow logs of one interface are warned of, by their ids", async () => {
  expect(
    await warningsOf(file("fl-1", "eni-1", "eni-2"), file("fl-2", "eni-3", "eni-2"), file("fl-3", "eni-4")),
  ).toEqual([
    expect.stringMatching(/fl-1 and fl-2 both log the interface eni-2, so .* twice.* FLOW_LOG_IDS/),
  ]);
});

test("flow logs of different interfaces, or that don't tell them, are not", async () => {
  expect(await warningsOf(file("fl-1", "eni-1", "-"), file("fl-2", "eni-2", "-"))).toEqual([]);
});

test("nor are several files of one flow log, or flow logs of two regions", async () => {
  const [name, content] = file("fl-1", "eni-1");
  expect(
    await warningsOf(
      [name, content],
      [name.replace("0405", "0410"), content.replaceAll("40000", "40001")],
      [name.replace("fl-1", "fl-2").replace("eu-west-1", "us-east-1"), content],
    ),
  ).toEqual([]);
});

test("of many pairs a few are named", async () => {
  const files = Array.from({ length: 20 }, (_, index) => file(`fl-${index}`, "eni-1"));
  expect(await warningsOf(...files)).toHaveLength(5);
});
