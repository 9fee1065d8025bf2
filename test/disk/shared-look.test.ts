import { expect, test } from "vitest";
import { SharedLook } from "../../src/disk/shared-look.js";

test("looks asked for in one turn of the event loop are one for each key, and see what was there after they asked", async () => {
  let there = "before";
  const looked: string[] = [];
  const look = new SharedLook(async (key: string) => {
    looked.push(key);
    return `${key} ${there}`;
  });
  const asked = [look.at("a"), look.at("b"), look.at("a")];
  there = "after";
  expect(await Promise.all(asked)).toEqual(["a after", "b after", "a after"]);
  expect(looked).toEqual(["a", "b"]);
});

test("a look that has begun isn't shared with whoever asks later", async () => {
  const began: (() => void)[] = [];
  const look = new SharedLook(
    () => new Promise<number>((resolve) => began.push(() => resolve(began.length))),
  );
  const first = look.at("a");
  await expect.poll(() => began.length).toBe(1);
  const second = look.at("a");
  await expect.poll(() => began.length).toBe(2);
  for (const end of began) end();
  expect(await Promise.all([first, second])).toEqual([2, 2]);
});

test("a failure is that of all who asked, and isn't remembered", async () => {
  let fails = true;
  const look = new SharedLook(async () => {
    if (fails) throw new Error("no disk");
    return "there";
  });
  const asked = await Promise.allSettled([look.at("a"), look.at("a")]);
  expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fails = false;
  expect(await look.at("a")).toBe("there");
});
