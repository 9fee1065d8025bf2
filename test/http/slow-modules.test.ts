import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import type { Digester } from "../../src/digester/digester.js";
import { buildApp } from "../../src/http/app.js";
import { toMessage } from "../../src/job.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { checkedFetch } from "../support/checked-fetch.js";
import { nthHour } from "../support/graph-id.js";

/** A store whose start settles when it is told to. */
class SlowStorage extends MemoryStorage {
  settle: (error?: Error) => void = () => undefined;
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  }
}

/** A store that answers at once, that it can't. */
class UnfitStorage extends MemoryStorage {
  async start(): Promise<void> {
    throw new Error("no such store");
  }
}

async function serve() {
  const storage = new SlowStorage();
  const service = new BuiltInService(
    { storage, marker: new MemoryMarker() },
    { DIGESTER_ENDPOINT: "file:." },
  );
  const app = await buildApp(service);
  onTestFinished(() => app.close());
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const readiness = () => checkedFetch(`${url}/readiness`);
  const reasons = async () => [...(await service.ready(AbortSignal.timeout(1000))).values()].join();
  return { storage, readiness, reasons };
}

describe("a store that doesn't answer at start", () => {
  test("is named by readiness until it has", async () => {
    const { storage, readiness } = await serve();
    const answer = await readiness();
    expect([answer.status, await answer.json()]).toMatchObject([503, { message: "not ready: storage" }]);
    storage.settle();
    await expect.poll(async () => (await readiness()).status).toBe(200);
  });

  test("is named for good when it answers that it can't", async () => {
    const { storage, readiness, reasons } = await serve();
    storage.settle(new Error("no such store"));
    await expect.poll(() => reasons()).toContain("no such store");
    expect((await readiness()).status).toBe(503);
  });

  test("stops the start when it says so in time", async () => {
    const service = new BuiltInService({ storage: new UnfitStorage(), marker: new MemoryMarker() }, {});
    const app = await buildApp(service);
    await expect(app.ready()).rejects.toThrow("no such store");
  });
});

test("a job that takes longer than Fastify gives a hook is finished by a stop", async () => {
  const begun = new EventEmitter();
  const digester: Digester = {
    async digest() {
      begun.emit("job");
      await setTimeout(11_000);
      return { body: Readable.from([]) };
    },
  };
  const storage = new MemoryStorage();
  const service = new BuiltInService({ storage, marker: new MemoryMarker(), digester }, {});
  const app = await buildApp(service);
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const body = JSON.stringify(toMessage({ window: nthHour(0), refresh: false, claim: undefined }));
  const job = once(begun, "job");
  const delivered = checkedFetch(`${url}/produce`, { method: "POST", body });
  await job;
  await app.close();
  expect((await delivered).status).toBe(204);
});
