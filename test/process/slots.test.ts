import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { graphOf } from "../http/serving.js";
import { nthHour } from "../support/graph-id.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const CONNECTIONS = 40;
const PIPELINED = 10;
const MAX_REQUESTS = 20;
const GOOD = "Authorization: Bearer good-token\r\n";
const STATUS_LINE = "HTTP/1.1 200";
/** Descriptors that a process opens once, when it needs them first. */
const SPARE = 3;

const window = nthHour(0);
/** More than sockets hold, so that an answer that nobody reads keeps those behind it waiting. */
const graph = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 0 });

/** What a peer does to its connection while answers wait in it. Each ends it before long. */
const ENDS: Record<string, (socket: Socket) => void> = {
  "a reset": (socket) => socket.resetAndDestroy(),
  "an end of both ways": (socket) => socket.destroy(),
  "an end of its own way": (socket) => socket.end().resume(),
};

test.for(
  Object.keys(ENDS).flatMap((end) => [
    [end, "without a token", ""],
    [end, "with a token", GOOD],
  ]),
)("%s of connections that pipeline requests %s leaves nothing", async ([end = "", , token = ""]) => {
  const dir = await temporaryDir();
  await mkdir(join(dir.path, "graphs"), { recursive: true });
  await writeFile(join(dir.path, "graphs", `${window.id}.dot`), graph);
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    API_TOKENS: "good-token",
    HTTP_MAX_REQUESTS: String(MAX_REQUESTS),
  });
  onTestFinished(async () => {
    await service.kill();
    await dir.remove();
  });
  const open = async (lines: string): Promise<Socket> => {
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write(lines);
    return socket;
  };
  const request = (token: string) =>
    `GET ${graphOf(window)} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n${token}\r\n`;
  /** Takes every place there is, and gives them back. */
  const fill = async () => {
    const sockets = await Promise.all(Array.from({ length: MAX_REQUESTS }, () => open(request(GOOD))));
    await Promise.all(sockets.map((socket) => once(socket, "readable")));
    const heads = sockets.map((socket) => String(socket.read(STATUS_LINE.length)));
    for (const socket of sockets) socket.destroy();
    return heads;
  };
  const descriptors = async () => (await service.resources()).descriptors;
  await fill();
  const before = await descriptors();

  for (let n = 0; n < CONNECTIONS; n += 1) {
    const socket = await open(request(token).repeat(PIPELINED));
    // Some end before their requests were seen, some while they are answered.
    if (n % 2 === 0) await once(socket, "readable");
    ENDS[end]?.(socket);
  }

  await expect.poll(fill).toEqual(Array<string>(MAX_REQUESTS).fill(STATUS_LINE));
  await expect.poll(descriptors).toBeLessThanOrEqual(before + SPARE);
});
