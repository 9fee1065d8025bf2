import { describe, expect, test } from "vitest";
import { hiddenSeconds, visibilitySeconds } from "../../src/deliver/visibility.js";

const error = new Error("no");
const retryDelayMs = 60_000;

test.for([
  [1000, 2],
  [60_000, 90],
  [2 ** 31 - 1, 43_200],
] as const)("with claims of %s ms a message stays unseen for %s s", ([timeoutMs, seconds]) => {
  expect(visibilitySeconds(timeoutMs)).toBe(seconds);
});

describe("a message is seen again", () => {
  test.for([
    ["as its fate says", { fate: "later", afterMs: 90_400, error }, 1, 91],
    ["the same for who comes too early once", { fate: "later", afterMs: 60_000, error }, 2, 60],
    ["later when it does so again and again", { fate: "later", afterMs: 60_000, error }, 4, 240],
    ["at once where that is said", { fate: "later", afterMs: 0, error }, 1, 0],
    ["after a pause when it failed", { fate: "again", error }, 1, 60],
    ["after longer ones when it goes on failing", { fate: "again", error }, 4, 480],
    ["after twelve hours at most", { fate: "again", error }, 40, 43_200],
  ] as const)("%s", ([, fate, receives, seconds]) => {
    expect(hiddenSeconds(fate, receives, { retryDelayMs, heldMs: 0 })).toBe(seconds);
  });

  test("within twelve hours of its receipt", () => {
    const fate = { fate: "later", afterMs: 3_600_000, error } as const;
    expect(hiddenSeconds(fate, 1, { retryDelayMs, heldMs: 43_200_000 - 1_800_000 })).toBe(1800);
    expect(hiddenSeconds(fate, 1, { retryDelayMs, heldMs: 50_000_000 })).toBe(0);
  });
});
