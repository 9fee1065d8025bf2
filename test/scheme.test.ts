import { expect, test } from "vitest";
import { z } from "zod";
import { settingsOf } from "../src/registry.js";
import { endpointOf, scheme } from "../src/scheme.js";

const schemes = {
  a: scheme({
    pattern: /^a:/,
    expected: '"a://place"',
    place: z.string().regex(/^a:\/\/\w+$/, 'expected "a://place"'),
    settings: { A_USER: z.string().prefault("me") },
    create: (place, config, given: { n: number }) => `${config.A_USER} ${place} ${given.n}`,
  }),
  b: scheme({
    pattern: /^b:/,
    expected: '"b:path"',
    place: z.string().transform((text) => text.length),
    settings: {},
    create: (length, _, given: { n: number }) => `${length} ${given.n}`,
  }),
};
const schema = z.object({ ENDPOINT: endpointOf(schemes), ...settingsOf(schemes) });

test.for([
  ["a://x", "me a://x 7"],
  ["b:xyz", "5 7"],
] as const)("%s chooses by its scheme", ([ENDPOINT, made]) => {
  const config = schema.parse({ ENDPOINT });
  expect(config.ENDPOINT.create(config, { n: 7 })).toBe(made);
});

test.for([
  ["a:x", ['expected "a://place"']],
  ["c:x", ['expected "a://place" or "b:path"']],
] as const)("%s is refused with what was expected", ([ENDPOINT, messages]) => {
  expect(schema.safeParse({ ENDPOINT }).error?.issues.map(({ message }) => message)).toEqual(messages);
});
