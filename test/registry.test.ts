import { expect, test } from "vitest";
import { z } from "zod";
import { createFirst, implementation, rulesOf, settingsOf } from "../src/registry.js";

const rule = { variables: ["A_USER", "A_KEY"], expected: "both", holds: () => false };

const implementations = {
  a: implementation({
    settings: { A_PLACE: z.string().optional() },
    rules: [rule],
    create: ({ A_PLACE }, { n }: { n: number }) => A_PLACE && `a at ${A_PLACE} ${n}`,
  }),
  b: implementation({
    settings: { B_PLACE: z.string().optional() },
    rules: [rule],
    create: ({ B_PLACE }) => B_PLACE && `b at ${B_PLACE}`,
  }),
  c: implementation({
    settings: { C_PLACE: z.string().prefault("home") },
    create: ({ C_PLACE }, { n }: { n: number }) => `c at ${C_PLACE} ${n}`,
  }),
};
const schema = z.object(settingsOf(implementations));

test.for([
  [{ A_PLACE: "x", B_PLACE: "y" }, "a at x 7"],
  [{ B_PLACE: "y", C_PLACE: "z" }, "b at y"],
  [{}, "c at home 7"],
] as const)("of %j the first that is chosen is made: %s", ([env, made]) => {
  expect(createFirst(implementations, schema.parse(env), { n: 7 })).toBe(made);
});

test("rules come with the implementations, each once", () => {
  expect(rulesOf(implementations)).toEqual([rule]);
});
