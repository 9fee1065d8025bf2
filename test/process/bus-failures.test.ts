import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBus, type Bus } from "../support/bus.js";
import { Deployment } from "../support/deployment.js";
import { hang, reset, status, type Fault } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";
import type { ServiceProcess } from "../support/service-process.js";

describe("a bus that fails: the request is answered so, and its claim is given back", () => {
  let deployment: Deployment;
  let bus: Bus;
  let service: ServiceProcess;
  let asked = 0;

  const over = ({ server }: Bus) =>
    deployment.process({ STREAM_APPLIANCE_ENDPOINT: `${server.url.href}topic/event` });

  beforeAll(async () => {
    deployment = await Deployment.start();
    bus = await startBus();
    service = await over(bus);
  });

  afterAll(async () => {
    await deployment.end();
    await bus.server.close();
  });

  /** Asks for another window, and returns it. */
  async function ask(service: ServiceProcess, code: number, reason: RegExp) {
    const window = nthHour(asked++);
    const since = service.events.length;
    const answer = await service.post(window);
    expect(answer.status).toBe(code);
    if (code === 503) expect(answer.headers.get("retry-after")).toBe("7");
    const logged = () =>
      service.events
        .slice(since)
        .map((event) => String(event["reason"]))
        .join("\n");
    await expect.poll(logged).toMatch(reason);
    expect(deployment.claims()).not.toContain(`${window.id}_in_progress`);
    expect((await service.get(window)).status).toBe(404);
    return window;
  }

  test("nobody listens", async () => {
    const gone = await startBus();
    const alone = await over(gone);
    await gone.server.close();
    await ask(alone, 502, /ECONNREFUSED/);
  });

  test.for<[name: string, fault: Fault, code: number, reason: RegExp]>([
    ["it refuses", status(400, "no such topic"), 502, /400 .*no such topic/],
    ["it breaks connections", reset, 502, /ECONNRESET|other side closed/],
    ["it is full", status(503, "", { "retry-after": "7" }), 503, /full/],
    ["it hangs", hang, 502, /no answer within 20000 ms/],
  ])("%s", async ([, fault, code, reason]) => {
    const before = bus.jobs.length;
    bus.server.down = fault;
    const window = await ask(service, code, reason);
    bus.server.down = undefined;
    expect((await service.post(window)).status).toBe(202);
    expect(bus.jobs.slice(before).map((job) => job.window.id)).toEqual([window.id]);
  });
});
