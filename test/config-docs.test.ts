import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { loadConfig, settings } from "../src/config.js";

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const example = read(".env.example");
const readme = read("README.md");
const names = Object.keys(settings).toSorted();

/** The rows of the README's tables whose first cell is a variable: name, default, meaning. */
const rows = new Map(
  [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| ([^|]*) \| ([^|]*) \|$/gm)].map(
    ([, name, value, meaning]) => [name, { value, meaning }],
  ),
);

/** The default as a user would write it, or undefined. */
function defaultOf(name: keyof typeof settings): string | undefined {
  const { def } = settings[name];
  return "defaultValue" in def ? String(def.defaultValue) : undefined;
}

describe("the schema, .env.example and the README tell the same", () => {
  test(".env.example names every variable once, each in a comment", () => {
    const commented = [...example.matchAll(/^# ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(commented.toSorted()).toEqual(names);
    expect(parseEnv(example)).toEqual({});
  });

  test("its values are the defaults", () => {
    const values = parseEnv(example.replaceAll(/^# ?(?=[A-Z][A-Z0-9_]+=)/gm, ""));
    const defaults = Object.keys(settings).map((name) => [
      name,
      defaultOf(name as keyof typeof settings) ?? "",
    ]);
    expect(values).toEqual(Object.fromEntries(defaults));
    expect(loadConfig(values)).toEqual(loadConfig({}));
  });

  test("the README has a row for each variable", () => {
    expect([...rows.keys()].toSorted()).toEqual(names);
  });

  test.for(names)("the README's row of %s has its default and its meaning", (name) => {
    const key = name as keyof typeof settings;
    const value = defaultOf(key);
    expect(rows.get(name)).toEqual({
      value: value === undefined ? "unset" : `\`${value}\``,
      meaning: settings[key].description,
    });
  });
});
