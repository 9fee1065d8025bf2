import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { allOrNothing, uninterrupted, unlessAborted, withDeadline } from "../src/deadline.js";

const wait = { dependency: "marker", doing: "reading it", ms: 30_000 } as const;
const never = () => new Promise<never>(() => undefined);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("whatever a call heeds, its dependency is named when it is late", async () => {
  const call = expect(withDeadline(wait, uninterrupted(), never)).rejects.toMatchObject({
    name: "DependencyError",
    dependency: "marker",
    timedOut: true,
    transient: true,
    message: "reading it: no answer within 30000 ms",
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await call;
});

test("a deadline that was met is off, and nothing listens to the signal any more", async () => {
  const { signal } = new AbortController();
  const given = await withDeadline(wait, signal, async (signal) => signal);
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(given.aborted).toBe(false);
});

test("a signal that is a deadline names whom it was waiting for", async () => {
  const controller = new AbortController();
  const call = expect(withDeadline(wait, controller.signal, never)).rejects.toMatchObject({
    dependency: "marker",
    timedOut: true,
    message: "reading it: no answer in time",
  });
  controller.abort(new DOMException("the operation timed out", "TimeoutError"));
  await call;
});

test("any other reason is the signal's own, before the call and on the way", async () => {
  const reason = new Error("stopping");
  const call = vi.fn(never);
  await expect(withDeadline(wait, AbortSignal.abort(reason), call)).rejects.toBe(reason);
  expect(call).not.toHaveBeenCalled();
  const controller = new AbortController();
  const rejected = expect(
    withDeadline(
      wait,
      controller.signal,
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("broken by the abort")));
        }),
    ),
  ).rejects.toBe(reason);
  controller.abort(reason);
  await rejected;
  expect(vi.getTimerCount()).toBe(0);
});

test("the call's own failure passes unchanged", async () => {
  const failure = new Error("it rained");
  await expect(withDeadline(wait, uninterrupted(), () => Promise.reject(failure))).rejects.toBe(failure);
});

test("nothing listens to a signal whose promise has settled", async () => {
  const { signal } = new AbortController();
  await unlessAborted(Promise.resolve(), signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("any number of calls may run under one signal", async () => {
  const warned = vi.spyOn(process, "emitWarning");
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 50 }, () => withDeadline(wait, signal, async () => undefined)));
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test("calls that are in vain once one is late share a signal, which aborts then", async () => {
  const { signal } = allOrNothing();
  const given = await withDeadline(wait, signal, async (signal) => signal);
  expect(given).toBe(signal);
  expect(given.aborted).toBe(false);
  const late = { name: "DependencyError", timedOut: true };
  const call = expect(withDeadline(wait, signal, never)).rejects.toMatchObject(late);
  await vi.advanceTimersByTimeAsync(30_000);
  await call;
  expect(signal.reason).toMatchObject(late);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
