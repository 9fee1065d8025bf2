import { afterAll, beforeAll, describe, test } from "vitest";
import { startBus, type Bus } from "../support/bus.js";
import { Deployment } from "../support/deployment.js";
import { hang, reset, status, type Fault } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";

describe("a bus that fails: the request is answered so, and its claim is given back", () => {
  let deployment: Deployment;
  let started = 0;

  beforeAll(async () => {
    deployment = await Deployment.start();
  });

  afterAll(async () => {
    await deployment.end();
  });

  test.for<[name: string, fault: Fault | "down", code: number, reason: RegExp]>([
    ["nobody listens", "down", 502, /ECONNREFUSED/],
    ["it refuses", status(400, "no such topic"), 502, /400 .*no such topic/],
    ["it breaks connections", reset, 502, /ECONNRESET|other side closed/],
    ["it is full", status(503, "", { "retry-after": "7" }), 503, /full/],
    ["it hangs", hang, 502, /no answer within 20000 ms/],
  ])("%s", async ([, fault, code, reason], { expect, onTestFinished }) => {
    const bus: Bus = await startBus();
    onTestFinished(() => bus.server.close());
    const window = nthHour(started++);
    const service = await deployment.process({
      STREAM_APPLIANCE_ENDPOINT: `${bus.server.url.href}topic/event`,
    });
    if (fault === "down") await bus.server.close();
    else bus.server.down = fault;
    const answer = await service.post(window);
    expect(answer.status).toBe(code);
    if (code === 503) expect(answer.headers.get("retry-after")).toBe("7");
    const logged = () => service.events.map((event) => String(event["reason"])).join("\n");
    await expect.poll(logged).toMatch(reason);
    expect(deployment.claims()).not.toContain(`${window.id}_in_progress`);
    expect((await service.get(window)).status).toBe(404);
    if (fault === "down") return;
    bus.server.down = undefined;
    expect((await service.post(window)).status).toBe(202);
    expect(bus.jobs.map((job) => job.window.id)).toEqual([window.id]);
  });
});
