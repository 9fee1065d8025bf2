import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

let dir: TemporaryDir;
let service: ServiceProcess;

beforeAll(async () => {
  dir = await temporaryDir();
  service = await start();
});

afterAll(async () => {
  await service.stop();
  await dir.remove();
});

function start(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
  return ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: `file:${dir.path}`,
    ...env,
  });
}

async function connected({ url }: ServiceProcess): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

describe("a request that doesn't come in time gets 408", () => {
  test.concurrent.for<[name: string, sent: string, withinMs: number]>([
    ["its head", "GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n", 20_000],
    ["its body", "POST /produce HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{", 30_000],
  ])("%s", async ([, sent, withinMs], { expect: expects }) => {
    const began = performance.now();
    const socket = await connected(service);
    socket.write(sent);
    const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
    expects(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expects(JSON.parse(body)).toEqual({
      statusCode: 408,
      error: "Request Timeout",
      message: "the request took too long to arrive",
    });
    expects(performance.now() - began).toBeGreaterThan(withinMs - 1);
  });
});

test("connections beyond the limit are closed; when others end there is room again", async () => {
  const limited = await start({ HTTP_MAX_CONNECTIONS: "3" });
  onTestFinished(() => limited.kill());
  const ask = "GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const held = await Promise.all([connected(limited), connected(limited), connected(limited)]);
  // A connection counts when it has been accepted, as an answer shows.
  for (const socket of held) {
    socket.write(ask);
    await once(socket, "data");
  }
  const refused = await connected(limited);
  const closed = new Promise((resolve) => refused.on("error", () => undefined).once("close", resolve));
  refused.write(ask);
  await closed;
  expect(refused.bytesRead).toBe(0);
  for (const socket of held) socket.destroy();
  const health = async () => (await limited.fetch("/healthcheck").catch(() => undefined))?.status;
  await expect.poll(health).toBe(200);
});
