import { expect, test } from "vitest";
import { z } from "zod";
import { nameSettings } from "../../src/name/settings.js";

const settings = z.object(nameSettings);

test("NAMES is a list of files, separated by commas", () => {
  expect(settings.parse({ NAMES: "names.csv, /etc/ip-ranges.json" }).NAMES).toEqual([
    "names.csv",
    "/etc/ip-ranges.json",
  ]);
  expect(settings.parse({}).NAMES).toBeUndefined();
});

test.each(["a,", "a,a", " "])("%j is none", (NAMES) => {
  expect(() => settings.parse({ NAMES })).toThrow("expected paths of files, each once, separated by commas");
});
