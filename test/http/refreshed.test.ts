import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SupersededError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { EdgeStorage } from "../../src/storage/storage.js";
import { TimeWindow } from "../../src/window.js";
import { graphOf, serve } from "./serving.js";

const LOGS = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
const WINDOW = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");

/** A storage in which somebody else stores other edges, so many times, once the thread has begun to read them. */
function refreshedStorage(): { storage: MemoryStorage; left: number } {
  const storage = new MemoryStorage();
  const { edges } = storage;
  const refreshed = { storage, left: 0 };
  const value: EdgeStorage = {
    store: (id, body, options) => edges.store(id, body, options),
    open: async (id, signal) => {
      const opened = await edges.open(id, signal);
      let reads = 0;
      return (
        opened && {
          ...opened,
          read: async (start, end, signal) => {
            // The first reading is that of whoever opens them.
            if (reads++ > 0 && refreshed.left > 0) {
              refreshed.left--;
              throw new SupersededError("the edges were replaced");
            }
            return opened.read(start, end, signal);
          },
        }
      );
    },
  };
  Object.defineProperty(storage, "edges", { value });
  return refreshed;
}

test.each(["/graph/findings", "/graph"])(
  "a graph that is made again while %s reads it is answered about all the same, unless it happens again",
  async (route) => {
    const refreshed = refreshedStorage();
    const { call } = await serve({ DIGESTER_ENDPOINT: `file:${LOGS}` }, { storage: refreshed.storage });
    const path = graphOf(WINDOW);
    await call("POST", path);
    await expect.poll(async () => (await call("HEAD", path)).status).toBe(200);
    const view = `${path.replace("/graph", route)}${route === "/graph" ? "&format=json" : ""}`;

    refreshed.left = 2;
    expect((await call("GET", view)).status).toBe(500);
    refreshed.left = 1;
    expect((await call("GET", view)).status).toBe(200);
    expect(refreshed.left).toBe(0);
  },
);
