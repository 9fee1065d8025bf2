import { hostname } from "node:os";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { buildApp, type AppOptions } from "../../src/http/app.js";
import { hostSettings } from "../../src/http/hosts.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";

/** Asks for a host on the loopback, as a browser does for a page whose name points there. */
async function serve(options: AppOptions = {}, host = "127.0.0.1") {
  const modules = { storage: new MemoryStorage(), marker: new MemoryMarker() };
  const app = await buildApp(new BuiltInService(modules, {}), options);
  onTestFinished(() => app.close());
  const { port } = new URL(await app.listen({ host, port: 0 }));
  return async (name: string, path = "/openapi.json", headers = "") => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n${headers}\r\n`);
    return Number(/^HTTP\/1.1 (\d+) /.exec(await text(socket))?.[1]);
  };
}

const OURS = [
  "localhost",
  "localhost:8080",
  "LOCALHOST",
  "localhost.",
  "app.localhost:80",
  "127.0.0.1:8080",
  "127.8.9.10",
  "[::1]:8080",
  "192.0.2.1",
  hostname(),
];
const OTHERS = [
  "evil.example",
  "evil.example:8080",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "notlocalhost",
  "0x7f.1",
];

test.for(["127.0.0.1", "0.0.0.0"])(
  "on %s, with callers free: the loopback takes names of this machine alone",
  async (address) => {
    const ask = await serve({}, address);
    for (const name of OURS) expect([name, await ask(name)]).toEqual([name, 200]);
    for (const name of OTHERS) expect([name, await ask(name)]).toEqual([name, 421]);
    expect(await ask("evil.example", "/healthcheck")).toBe(200);
  },
);

test("with tokens, any name", async () => {
  const ask = await serve({ access: { api: ["api-1"] } });
  const token = "Authorization: Bearer api-1\r\n";
  for (const name of [...OURS, ...OTHERS]) expect(await ask(name, "/openapi.json", token)).toBe(200);
});

test.for([{}, { access: { api: ["api-1"] } }])(
  "with names that are allowed, these and no others: %j",
  async (access) => {
    const ask = await serve({ allowedHosts: ["graphs.example.com"], ...access });
    const token = "Authorization: Bearer api-1\r\n";
    for (const name of [...OURS, "graphs.example.com", "Graphs.Example.com:443"]) {
      expect([name, await ask(name, "/openapi.json", token)]).toEqual([name, 200]);
    }
    for (const name of OTHERS) expect([name, await ask(name, "/openapi.json", token)]).toEqual([name, 421]);
  },
);

test("the setting is names without ports", () => {
  const { HTTP_ALLOWED_HOSTS: setting } = hostSettings;
  expect(setting.parse(" A.example , b")).toEqual(["a.example", "b"]);
  for (const wrong of ["a:80", "http://a", "a,,b", "*", "a b"])
    expect(setting.safeParse(wrong).success).toBe(false);
});
