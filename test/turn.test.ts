import { afterEach, expect, test, vi } from "vitest";
import { callerComes, callerLeaves, nextTurn, turnIsOver } from "../src/turn.js";

afterEach(() => {
  vi.useRealTimers();
});

test("of those who wait, one goes on in each turn of the event loop, in their order", async () => {
  const went: number[] = [];
  const all = [1, 2, 3].map((each) => nextTurn().then(() => went.push(each)));
  for (const expected of [[1], [1, 2], [1, 2, 3]]) {
    await new Promise(setImmediate);
    expect(went).toEqual(expected);
  }
  await Promise.all(all);
});

test("whoever waits again while another waits is behind it", async () => {
  const went: string[] = [];
  async function work(name: string): Promise<void> {
    for (let step = 1; step <= 3; step++) {
      await nextTurn();
      went.push(`${name}${step}`);
    }
  }
  await Promise.all([work("a"), work("b")]);
  expect(went).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
});

test("a turn is over after a while, and not before", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  await nextTurn();
  expect(turnIsOver()).toBe(false);
  vi.advanceTimersByTime(10);
  expect(turnIsOver()).toBe(true);
});

test("turns are shorter while a caller waits", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  await nextTurn();
  vi.advanceTimersByTime(0.5);
  expect(turnIsOver()).toBe(false);
  callerComes();
  callerComes();
  expect(turnIsOver()).toBe(true);
  callerLeaves();
  expect(turnIsOver()).toBe(true);
  callerLeaves();
  expect(turnIsOver()).toBe(false);
});

test("a turn that began by a clock that was put back is over", async () => {
  vi.useFakeTimers({ toFake: ["performance"], now: 0 });
  vi.advanceTimersByTime(performance.now() + 3_600_000);
  await nextTurn();
  vi.useRealTimers();
  expect(turnIsOver()).toBe(true);
  await nextTurn();
});
