import { expect, test } from "vitest";
import { IdleKernels } from "../src/idle-kernels.js";

test("as many are kept as fit, and the last one is taken first", () => {
  const idle = new IdleKernels<string>(100);
  expect(idle.take()).toBeUndefined();
  idle.keep("a", 60);
  idle.keep("too much", 50);
  idle.keep("b", 40);
  expect([idle.take(), idle.take(), idle.take()]).toEqual(["b", "a", undefined]);
  idle.keep("c", 100);
  expect(idle.take()).toBe("c");
});
