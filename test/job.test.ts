import { expect, test } from "vitest";
import { Job, toMessage } from "../src/job.js";
import { TimeWindow } from "../src/window.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const message = { id: "d2731755-50ed-5575-8592-6239104d797a", start: window.start, stop: window.stop };

test("a job reads back as it was sent", () => {
  for (const job of [
    { window, refresh: false, claim: undefined },
    { window, refresh: true, claim: "7d9f" },
  ]) {
    expect(Job.parse(JSON.parse(JSON.stringify(toMessage(job))))).toEqual(job);
  }
});

test("a job of an older producer has no claim and refreshes nothing", () => {
  expect(Job.parse(message)).toEqual({ window, refresh: false, claim: undefined });
});

test.for([
  ["another window's id", { ...message, id: "d78383e8-a8c7-57b6-91b1-08e7bdc2f7ac" }],
  ["an id that is a path", { ...message, id: "../../etc/passwd" }],
  ["no id", { start: message.start, stop: message.stop }],
  ["a window that is none", { ...message, stop: message.start }],
  ["a refresh that is no boolean", { ...message, refresh: "yes" }],
  ["no object", "job"],
])("%s is refused", ([, value]) => {
  expect(Job.safeParse(value).success).toBe(false);
});
