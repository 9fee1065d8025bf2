import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Job, toMessage } from "../src/job.js";
import { Scope, scopeOf } from "../src/scope.js";
import { ScopeError, type ScopeParameters, valuesOf } from "../src/scope-parts.js";
import { TimeWindow } from "../src/window.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");

const HEX = "0123456789abcdef".split("");
const account = fc.integer({ min: 0, max: 999_999_999_999 }).map((n) => String(n).padStart(12, "0"));
const region = fc.constantFrom("eu-west-1", "eu-west-12", "us-east-1", "us-gov-west-1", "ap-southeast-7");
const vpc = fc.string({ unit: fc.constantFrom(...HEX), minLength: 1, maxLength: 17 });

/** Values of some parts, each of them in two orders, the second with some of them twice. */
const twice = (values: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(values, { minLength: 1, maxLength: 5 })
    .chain((list) =>
      fc.tuple(
        fc.shuffledSubarray(list, { minLength: list.length }),
        fc.shuffledSubarray([...list, list[0] ?? ""], { minLength: list.length + 1 }),
      ),
    );
const parts = fc.record(
  { account: twice(account), region: twice(region), vpc: twice(vpc.map((id) => `vpc-${id}`)) },
  { requiredKeys: [] },
);

describe("the normal form", () => {
  test("is the same in whatever order parts and values are given, and reads back as itself", () => {
    fc.assert(
      fc.property(parts, (given) => {
        const entries = Object.entries(given).filter(([, values]) => values !== undefined);
        const nth = (n: 0 | 1): ScopeParameters =>
          Object.fromEntries(entries.map(([part, values]) => [part, values?.[n].join(",")]));
        const scope = scopeOf(nth(0));
        expect(scopeOf(nth(1))).toBe(scope);
        expect(scopeOf(Object.fromEntries(Object.entries(nth(1)).toReversed()))).toBe(scope);
        if (scope === undefined) return;
        expect(Scope.parse(scope)).toBe(scope);
        expect(Scope.parse(scope.split(" ").toReversed().join(" "))).toBe(scope);
        const values = entries.map(([part, all]) => [part, new Set(all?.[0])]);
        expect(valuesOf(scope)).toEqual(Object.fromEntries(values));
      }),
    );
  });

  test("of no part is none", () => {
    expect(scopeOf({})).toBeUndefined();
    expect(valuesOf(undefined)).toEqual({});
  });
});

test.for([
  [{ account: "12" }, 'account must be an account id of 12 digits, or several separated by commas, not "12"'],
  [{ account: "" }, /^account must be .*, not ""$/],
  [{ account: "111122223333,,444455556666" }, /^account must be .*, not ""$/],
  [{ account: "111122223333, 444455556666" }, /^account must be .*, not " 444455556666"$/],
  [{ region: "EU-WEST-1" }, /^region must be a region such as eu-west-1.*, not "EU-WEST-1"$/],
  [{ region: "eu-west-1a" }, /^region must be/],
  [{ vpc: "0a1b" }, /^vpc must be a VPC's id.*, not "0a1b"$/],
  [{ vpc: "vpc-0a vpc-0b" }, /^vpc must be/],
  [
    { account: Array.from({ length: 201 }, (_, n) => String(n).padStart(12, "0")).join() },
    "account has 201 values: at most 200 are possible",
  ],
] as const)("%j says what is wrong", ([parameters, message]) => {
  expect(() => scopeOf(parameters)).toThrow(message);
  expect(() => scopeOf(parameters)).toThrow(ScopeError);
});

test.for([
  ["", /^scope: expected account=…, region=… or vpc=…, separated by spaces, not ""$/],
  ["all", /not "all"$/],
  ["subnet=subnet-1", /not "subnet=subnet-1"$/],
  ["account=111122223333  vpc=vpc-1", /not ""$/],
  ["vpc=vpc-1=2", /not "vpc=vpc-1=2"$/],
  ["vpc=vpc-1 vpc=vpc-2", /^scope: vpc must be given once$/],
  ["vpc=vpc_1", /^scope: vpc must be a VPC's id/],
] as const)("the text %j is refused", ([text, message]) => {
  expect(Scope.safeParse(text).error?.issues[0]?.message).toMatch(message);
});

/** Made by another implementation of UUIDs of version 5. */
const VECTORS = [
  ["account=111122223333", "8db132a2-ce72-5743-af7d-d77266a17a61"],
  ["account=111122223333,444455556666", "6b54e09d-0aec-504f-9c79-0fe04748a1ef"],
  ["region=eu-west-1,us-east-1", "2595bd23-9820-510b-b3ff-d608adbec6e8"],
  ["vpc=vpc-0a1b2c3d4e5f60718", "8868cf68-551c-55e2-b193-49c4eb19787a"],
  ["account=111122223333 region=eu-west-1 vpc=vpc-0a1b2c3d,vpc-9", "23ac28f1-ce68-54ae-aa52-1a774a5d8a05"],
] as const;

describe.for(VECTORS)("the graph of %s", ([text, id]) => {
  const scoped = window.within(Scope.parse(text));

  test("has an id of its own", () => {
    expect(scoped.id).toBe(id);
    expect(scoped).toMatchObject({ start: window.start, stop: window.stop, scope: text });
    expect(scoped.within(undefined).id).toBe(window.id);
  });

  test("has jobs that read back as they were sent", () => {
    const job = { window: scoped, refresh: true, claim: "7d9f" };
    const message = toMessage(job);
    expect(message).toMatchObject({ id, scope: text });
    expect(Job.parse(JSON.parse(JSON.stringify(message)))).toEqual(job);
  });

  test("has no job without its scope, or under another id", () => {
    const message = toMessage({ window: scoped, refresh: false, claim: undefined });
    expect(Job.safeParse({ ...message, scope: undefined }).success).toBe(false);
    expect(Job.safeParse({ ...message, scope: "vpc=vpc-9" }).success).toBe(false);
    const { error } = Job.safeParse({ ...message, id: window.id });
    expect(error?.issues[0]?.message).toBe(`id must be the id of the window and the scope, ${id}`);
  });
});

test("a job whose scope isn't in its normal form is of the graph of that form", () => {
  const scope = "vpc=vpc-9,vpc-0a1b2c3d region=eu-west-1 account=111122223333,111122223333";
  const { start, stop } = window;
  const job = Job.parse({ id: "23ac28f1-ce68-54ae-aa52-1a774a5d8a05", start, stop, scope });
  expect(job.window.scope).toBe("account=111122223333 region=eu-west-1 vpc=vpc-0a1b2c3d,vpc-9");
});
