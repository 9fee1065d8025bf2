import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { TimeWindow, WindowError } from "../src/window.js";

const vectors = z
  .array(z.object({ start: z.string(), stop: z.string(), valid: z.boolean(), id: z.string().optional() }))
  .parse(JSON.parse(readFileSync(new URL("fixtures/graph-ids.json", import.meta.url), "utf8")));

describe("graph ids, as the Go service made them", () => {
  test.for(vectors.filter(({ valid }) => valid))("$start to $stop is $id", ({ start, stop, id }) => {
    expect(TimeWindow.parse(start, stop).id).toBe(id);
  });

  test.for(vectors.filter(({ valid }) => !valid))("$start to $stop is refused", ({ start, stop }) => {
    expect(() => TimeWindow.parse(start, stop)).toThrow(WindowError);
  });
});

describe("TimeWindow.parse", () => {
  test("truncates down to the minute, in UTC", () => {
    const window = TimeWindow.parse("2019-05-31T18:30:59.999999999-05:30", "2019-06-01T01:00:00Z");
    expect([window.start, window.stop]).toEqual(["2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z"]);
  });

  test("reads a space as the plus that a query string lost", () => {
    const window = TimeWindow.parse("2019-06-01T02:00:00 02:00", "2019-06-01T03:00:00+02:00");
    expect(window.id).toBe("d2731755-50ed-5575-8592-6239104d797a");
  });

  test.for([
    [undefined, "2019-06-01T00:00:00Z", /^start is missing/],
    ["2019-06-01T00:00:00Z", undefined, /^stop is missing/],
    ["2019-06-01T00:00:00Z", "tomorrow", /^stop must be an RFC 3339 time.*not "tomorrow"$/],
    ["2019-06-01T00:00:00.1234567890Z", "2019-06-01T01:00:00Z", /^start must be/],
    ["2019-06-01T00:00:10Z", "2019-06-01T00:00:50Z", /^start must be at least a minute before stop/],
    ["0001-01-01T00:00:00+01:00", "0001-01-01T01:00:00Z", /^start must be/],
    ["9999-12-31T23:00:00Z", "9999-12-31T23:59:00-01:00", /^stop must be/],
  ] as const)("%s to %s says what is wrong", ([start, stop, message]) => {
    expect(() => TimeWindow.parse(start, stop)).toThrow(message);
  });

  test("holds the longest window", () => {
    const hour = 3_600_000;
    expect(TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z", hour).stop).toBeDefined();
    expect(() => TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:01:00Z", hour)).toThrow(
      "stop is 61 minutes after start: a window can be at most 60 minutes long",
    );
  });
});
