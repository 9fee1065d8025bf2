import { expect, test, vi } from "vitest";
import { cachedLookup } from "../../src/telemetry/lookup.js";

/** A name server that answers when told to. */
function nameServer() {
  const asked: ((error: NodeJS.ErrnoException | null, address: string, family: number) => void)[] = [];
  const ask = (_host: string, _options: object, callback: (typeof asked)[number]) =>
    void asked.push(callback);
  return { asked, lookup: ask };
}

test("asks once for many packets, and drops those that don't fit the queue meanwhile", () => {
  const { asked, lookup } = nameServer();
  const resolve = cachedLookup(lookup);
  const answers: string[] = [];
  for (let n = 0; n < 100; n++) {
    resolve("host", {}, (error, address) => answers.push(error?.message ?? address));
  }
  expect(answers).toEqual(Array.from({ length: 36 }, () => "too many packets wait for the address of host"));
  expect(asked).toHaveLength(1);
  asked[0]?.(null, "127.0.0.1", 4);
  expect(answers.slice(36)).toEqual(Array.from({ length: 64 }, () => "127.0.0.1"));
});

test.each([
  ["an address", null, "127.0.0.1"],
  ["a failure", new Error("ENOTFOUND"), ""],
])("keeps %s", (_, error, address) => {
  const { asked, lookup } = nameServer();
  const resolve = cachedLookup(lookup);
  const answers: unknown[][] = [];
  resolve("host", {}, (...answer) => answers.push(answer));
  asked[0]?.(error, address, 4);
  resolve("host", {}, (...answer) => answers.push(answer));
  expect(asked).toHaveLength(1);
  expect(answers).toEqual([
    [error, address, 4],
    [error, address, 4],
  ]);
});

test("asks again after a minute, so that a changed record is noticed", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const { asked, lookup } = nameServer();
    const resolve = cachedLookup(lookup);
    const answers: string[] = [];
    const ask = () => resolve("host", {}, (_, address) => answers.push(address));
    ask();
    asked[0]?.(null, "127.0.0.1", 4);
    vi.advanceTimersByTime(59_999);
    ask();
    vi.advanceTimersByTime(1);
    ask();
    expect(asked).toHaveLength(2);
    asked[1]?.(null, "127.0.0.2", 4);
    ask();
    expect(answers).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2"]);
  } finally {
    vi.useRealTimers();
  }
});
