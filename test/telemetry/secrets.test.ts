import { connect } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkedFetch } from "../support/checked-fetch.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { ServiceProcess } from "../support/service-process.js";
import { status } from "../support/faults.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

/** Each is looked for in everything that the process writes. */
const SECRET = {
  apiToken: "api-token-4a0f",
  produceToken: "produce-token-9b1c",
  wrongToken: "wrong-token-77d2",
  accessKey: "AKIAQQQQQQQQQQQQQQQQ",
  secretKey: "aws/secret+key/5e6f",
  sessionToken: "aws-session-token-1d2e",
  password: "url-password-8c9d",
  user: "url-user-alone-5b3e",
  endpointToken: "endpoint-token-1f7a",
  externalId: "external-id-6d2c",
  query: "query-secret-3f4a",
  body: "body-secret-6b7c",
  header: "header-secret-2e3d",
  path: "path-secret-0a9b",
};

let dir: TemporaryDir;
let digesterd: Digesterd;
let service: ServiceProcess;

beforeAll(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd("");
  const endpoint = new URL(digesterd.server.url);
  endpoint.username = "user";
  endpoint.password = SECRET.password;
  endpoint.searchParams.set("token", SECRET.endpointToken);
  service = await ServiceProcess.start({
    RUNTIME_LOGGER_LEVEL: "DEBUG",
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: endpoint.href,
    WORKER_RETRIES: "1",
    WORKER_RETRY_DELAY: "10ms",
    API_TOKENS: `${SECRET.apiToken}, another-token`,
    PRODUCE_TOKENS: SECRET.produceToken,
    USE_IAM: "false",
    AWS_ACCESS_KEY_ID: SECRET.accessKey,
    AWS_SECRET_ACCESS_KEY: SECRET.secretKey,
    AWS_SESSION_TOKEN: SECRET.sessionToken,
    FLOW_LOG_ROLE_EXTERNAL_ID: SECRET.externalId,
  });
});
afterAll(async () => {
  await service.stop();
  await digesterd.server.close();
  await dir.remove();
});

/** A request as nobody's client would send it. Whether and how it is answered doesn't matter here. */
async function send(text: string): Promise<void> {
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  socket.on("error", () => undefined).resume();
  socket.end(text);
  await once(socket, "close");
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | null = null,
): Promise<void> {
  const response = await checkedFetch(new URL(path, service.url), { method, headers, body });
  await response.text();
}

const WINDOW = "start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z";

test("nothing secret is ever written", async () => {
  const api = {
    authorization: `Bearer ${SECRET.apiToken}`,
    "x-api-key": SECRET.header,
    cookie: SECRET.header,
  };
  // The digester quotes what it was sent, as error pages do.
  digesterd.server.down = status(
    500,
    `refused: ${SECRET.secretKey}, ftp://user:${SECRET.password}@host/, ${SECRET.endpointToken}, ${SECRET.externalId}`,
  );
  await call("POST", `/?${WINDOW}&token=${SECRET.query}`, api);
  await service.event("dependency-failure", { final: true });

  await call("GET", `/graph?${WINDOW}`, { authorization: `Bearer ${SECRET.wrongToken}` });
  await call("GET", `/graph?start=${SECRET.query}&stop=${SECRET.query}`, api);
  await call("POST", `/graph?${WINDOW}&refresh=${SECRET.query}`, api);
  await call("POST", `/graph?${SECRET.query}`, api, SECRET.body);
  await call("GET", `/${SECRET.path}?x=${SECRET.query}`, api);
  await call("DELETE", `/topic/${SECRET.path}`, api);
  const deliverer = { authorization: `Bearer ${SECRET.produceToken}` };
  await call("POST", "/produce", deliverer, SECRET.body);
  await call("POST", "/produce", deliverer, JSON.stringify({ id: SECRET.body, start: SECRET.body, stop: 1 }));
  await call("GET", "/healthcheck", { "x-request-id": `${SECRET.header} \u00a7` });
  await send(`GET http://user:${SECRET.password}@host/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  await send(`GET /${SECRET.path} HTTP/9.9\r\nAuthorization: ${SECRET.header}\r\n\r\n`);
  await send(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${SECRET.header.repeat(4000)}\r\n\r\n`);

  await service.stop();
  const written = JSON.stringify(service.events) + (await service.stderr);
  const leaked = Object.entries(SECRET).filter(([, secret]) => written.includes(secret));
  expect(leaked).toEqual([]);
  // What was sent did arrive, so that it could have been written.
  const seen = new Set(service.events.map(({ message }) => message));
  for (const message of [
    "dependency-failure",
    "invalid-input",
    "not-found",
    "unauthorized",
    "request-finished",
  ]) {
    expect(seen).toContain(message);
  }
});

test("nor when the environment itself is wrong", async () => {
  const env = {
    DIGESTER_ENDPOINT: `ftp://user:${SECRET.password}@host?token=${SECRET.endpointToken}`,
    STREAM_APPLIANCE_ENDPOINT: `http://${SECRET.user}@bus/`,
    AWS_ENDPOINT_URL_S3: `${SECRET.user}:${SECRET.password}@store:9000`,
    API_TOKENS: `${SECRET.apiToken},\u00a7`,
    PRODUCE_TOKEN: SECRET.produceToken,
    PORT: `nowhere#${SECRET.query}`,
  };
  const { code, stderr } = await ServiceProcess.refusal(env);
  expect(code).toBe(1);
  for (const name of Object.keys(env)) expect(stderr).toContain(`\n  ${name}: `);
  expect(Object.entries(SECRET).filter(([, secret]) => stderr.includes(secret))).toEqual([]);
});
