import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

/** Each is two lines of 400 characters in the log: more than the bound and any pipe take. */
const REQUESTS = 4000;

test("a log that nobody reads is bounded, what it lost is said once, and it keeps no process", async () => {
  const dir = await temporaryDir();
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: `file:${dir.path}`,
  });
  onTestFinished(async () => {
    service.resumeReading();
    await service.kill();
    await dir.remove();
  });
  const ask = async (id: string) => {
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    const request = `GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${id.repeat(128)}\r\n`;
    socket.write(`${request}\r\n`.repeat(REQUESTS - 1) + `${request}Connection: close\r\n\r\n`);
    socket.resume();
    await once(socket, "close");
  };

  service.pauseReading();
  await ask("a");
  service.resumeReading();
  const { lines } = await service.event("log-lines-dropped");
  const read = () => service.events.filter(({ reqId }) => typeof reqId === "string").length;
  expect(lines).toBeGreaterThan(0);
  await expect.poll(() => read() + Number(lines)).toBe(2 * REQUESTS);
  // It goes on as ever.
  await service.fetch("/nothing", { headers: { "x-request-id": "b" } });
  await service.event("request-finished", { reqId: "b" });
  expect(service.logged("log-lines-dropped")).toHaveLength(1);

  service.pauseReading();
  await ask("c");
  service.signal("SIGTERM");
  await expect.poll(() => service.ended).toBe(true);
  service.resumeReading();
  expect(await service.exit).toBe(0);
});
