import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { loadConfig, settings } from "../src/compose/config.js";
import { settingsDocs } from "./settings-docs.js";

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

test.for(Object.entries(settingsDocs))(
  "%s tells what the schemas tell: npm run docs writes it",
  ([name, text]) => {
    expect(read(name)).toBe(text());
  },
);

test("docs/configuration.md has a row for each variable", () => {
  for (const name of Object.keys(settings))
    expect(read("docs/configuration.md")).toContain(`\n| \`${name}\` | `);
});

test("every setting says what it means", () => {
  for (const [name, { description }] of Object.entries(settings)) expect(description, name).toMatch(/\w/);
});

test(".env.example with every default taken in is the same as an empty environment", () => {
  const example = read(".env.example");
  // Without a value there is nothing to take in; Node 20 reads such a line together with the next one.
  const values = parseEnv(example.replaceAll(/^# (?=[A-Z][A-Z0-9_]+=.)/gm, ""));
  expect(Object.keys(values).length).toBeGreaterThan(10);
  expect(loadConfig(values)).toEqual(loadConfig({}));
  expect(parseEnv(example)).toEqual({});
});
