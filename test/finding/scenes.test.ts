import { beforeAll, describe, expect, test } from "vitest";
import { findings } from "../../src/finding/findings.js";
import { converse } from "../../src/view/converse.js";
import { edgesOfRecords } from "../scene/edges-of-records.js";
import { randomRecords } from "../scene/random.js";
import { SCENES } from "../scene/scenes.js";
import { daysOf, findingsOf, outcomeOf, type Days } from "./measure.js";

/** docs/findings.md has the figures of these, as this test prints them: `npx vitest run test/finding/scenes.test.ts`. */
const DAYS = [
  { seed: 1, hour: 9 },
  { seed: 2, hour: 14 },
  { seed: 3, hour: 2 },
];
const FIRST = 10;

describe.each(DAYS)("an hour of company $seed from $hour:00", ({ seed, hour }) => {
  let days: Days;
  beforeAll(async () => {
    days = await daysOf(seed, hour, 1);
  });

  test("has at most three findings when it is calm, none of them high", async () => {
    const list = (await findingsOf(days.today())).findings;
    expect(list.map(({ title }) => title).length).toBeLessThanOrEqual(3);
    expect(list.filter(({ severity }) => severity === "high")).toEqual([]);
  });

  test("has at most three more against the days before", async () => {
    const list = (await findingsOf(days.today(), { baseline: days.before })).findings;
    expect(list.filter(({ rule }) => rule.startsWith("new-")).length).toBeLessThanOrEqual(3);
    expect(list.filter(({ severity }) => severity === "high")).toEqual([]);
  });

  test.each(SCENES)("shows within the first ten: $name", async (scene) => {
    const outcome = await outcomeOf(scene, days);
    expect(outcome.place ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(FIRST);
    expect(outcome.false.length).toBeLessThanOrEqual(5);
  });
});

test.each([20_000, 60_000])("%i random records give a handful of findings", async (records) => {
  const window = { startDate: new Date("2024-06-03T10:00:00Z"), stopDate: new Date("2024-06-03T11:00:00Z") };
  const conversations = await converse(edgesOfRecords(window, [randomRecords(window, records)]));
  expect(conversations.size).toBeGreaterThan(records / 3);
  expect(findings(conversations, { window }).findings.length).toBeLessThanOrEqual(8);
});
