import { expect, test } from "vitest";
import { rememberQueries } from "../../src/http/remember-queries.js";

/** Takes every query but `{ bad: … }`, and counts. */
function counting(httpPart: string) {
  let validated = 0;
  const compile = rememberQueries(() => (query: { bad?: string }) => {
    validated++;
    return query.bad === undefined ? { value: { ...query } } : { error: new Error(query.bad) };
  });
  const validate = compile({ schema: undefined, method: "GET", url: "/", httpPart });
  return { validate, validated: () => validated };
}

test("a valid query is read once, and what it says can't be changed", () => {
  const { validate, validated } = counting("querystring");
  const [first, second] = [validate({ a: "1" }), validate({ a: "1" })];
  expect([second, validated()]).toEqual([first, 1]);
  expect(first).toEqual({ value: { a: "1" } });
  expect(first).toSatisfy(({ value }: { readonly value: unknown }) => Object.isFrozen(value));
  expect(validate({ a: ["1"] })).toEqual({ value: { a: ["1"] } });
});

test("what is wrong, long or no query is read each time", () => {
  const query = counting("querystring");
  for (const asked of [{ bad: "b" }, { a: "x".repeat(500) }]) {
    query.validate(asked);
    query.validate(asked);
  }
  expect(query.validated()).toBe(4);
  const body = counting("body");
  body.validate({});
  body.validate({});
  expect(body.validated()).toBe(2);
});

test.each([
  [{ a: "1", b: "2" }, { a: "11:b1:2" }],
  [{ ab: "" }, { a: "b" }],
  [{ a: "1" }, { a: ["1"] }],
  [
    { a: "1", b: "2" },
    { b: "1", a: "2" },
  ],
])("%j isn't taken for %j", (one, other) => {
  const { validate } = counting("querystring");
  expect([validate(one), validate(other)]).toEqual([{ value: one }, { value: other }]);
});

test("as many are remembered as fit the bound", () => {
  const { validate, validated } = counting("querystring");
  for (let n = 0; n <= 1000; n++) validate({ n: String(n) });
  validate({ n: "1000" });
  expect(validated()).toBe(1001);
  validate({ n: "0" });
  expect(validated()).toBe(1002);
});
