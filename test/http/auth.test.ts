import { type IncomingMessage, request as send } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import type { FastifyPluginCallback } from "fastify";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { buildApp, type AppOptions } from "../../src/http/app.js";
import { TokenSet } from "../../src/http/auth.js";
import { toMessage } from "../../src/job.js";
import { TimeWindow } from "../../src/window.js";
import { startBus } from "../support/bus.js";
import { noMetrics } from "../support/checked-fetch.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const query = new URLSearchParams({ start: window.start, stop: window.stop }).toString();
const job = JSON.stringify(toMessage({ window, refresh: false, claim: undefined }));

const API = ["api-1", "api-2"];
const PRODUCE = ["produce-1", "produce-2"];
const both = { API_TOKENS: API.join(","), PRODUCE_TOKENS: PRODUCE.join(",") };

let dir: TemporaryDir;
let digesterd: Digesterd;
let close: (() => Promise<void>)[];
let log: string;

beforeEach(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd("");
  close = [() => digesterd.server.close(), () => dir.remove()];
  log = "";
});

afterEach(async () => {
  for (const step of close) await step();
});

interface Running {
  readonly url: string;
  readonly service: BuiltInService;
  /** Status and headers of an answer, whose body is read. */
  readonly call: (method: string, path: string, authorization?: string | null) => Promise<Answer>;
}
interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: string;
}

async function start(env: Record<string, string>, options: AppOptions = {}): Promise<Running> {
  const service = new BuiltInService(
    {},
    {
      GRAPH_DATA_DIR: dir.path,
      DIGESTER_ENDPOINT: digesterd.server.url.href,
      DIGESTER_POLLING_INTERVAL: "1",
      RUNTIME_SHUTDOWN_TIMEOUT: "0s",
      ...env,
    },
  );
  const lines = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString();
      done();
    },
  });
  const app = await buildApp(service, {
    logger: pino({ level: "trace" }, lines),
    metrics: noMetrics,
    ...options,
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  close.unshift(() => app.close());
  return {
    url,
    service,
    call: async (method, path, authorization) => {
      const headers = typeof authorization === "string" ? { authorization } : {};
      const request = send(new URL(path, url), { method, headers, agent: false });
      request.end(method === "POST" ? job : undefined);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once("response", resolve).once("error", reject);
      });
      return {
        status: response.statusCode ?? 0,
        challenge: response.headers["www-authenticate"],
        body: await text(response),
      };
    },
  };
}

type Kind = "open" | "api" | "produce";
/** Every route, its aliases, and what is no route, with whose token it needs. */
const CALLS: [method: string, path: string, kind: Kind][] = [
  ["GET", "/healthcheck", "open"],
  ["GET", "/metrics", "api"],
  ["GET", `/graph?${query}`, "api"],
  ["HEAD", `/graph?${query}`, "api"],
  ["POST", `/graph?${query}`, "api"],
  ["GET", "/graph", "api"],
  ["GET", `/graph/findings?${query}`, "api"],
  ["GET", "/graphs", "api"],
  ["GET", `/graph/progress?${query}`, "api"],
  ["GET", `/?${query}`, "api"],
  ["HEAD", `/?${query}`, "api"],
  ["POST", `/?${query}`, "api"],
  ["POST", "/produce", "produce"],
  ["POST", "/topic/event", "produce"],
  ["POST", "/graph/event", "produce"],
  ["HEAD", "/healthcheck", "open"],
  ["GET", "/docs", "open"],
  ["GET", "/docs/json", "api"],
  ["GET", "/docs/yaml", "api"],
  ["GET", "/docs/static/index.html", "open"],
  ["GET", "/docs/static/swagger-initializer.js", "open"],
  ["GET", "/docs/static/swagger-ui.css", "open"],
  ["GET", "/docs/static/*", "open"],
  ["HEAD", "/docs/static/*", "open"],
  ["GET", "/openapi.json", "api"],
  ["GET", "/nothing", "api"],
  ["GET", "/produce", "api"],
  ["DELETE", "/graph", "api"],
  ["OPTIONS", "/graph", "api"],
  ["POST", "/healthcheck", "api"],
];

/** Statuses that show that a request got as far as its route, or to there being none. 503: the job is being worked. */
const THROUGH = [200, 202, 204, 302, 400, 404, 405, 409, 503];

test("every route of the app is among the calls above, or open", async () => {
  const routes: string[] = [];
  const observer: FastifyPluginCallback = (app, _, done) => {
    app.addHook("onRoute", ({ method, url, config }) => {
      // What is open says so; all else must be in the table.
      if (config?.access === "open") return;
      for (const one of [method].flat()) routes.push(`${one} ${url}`);
    });
    done();
  };
  // Hooks of a plugin that is marked like this are the app's own.
  Object.assign(observer, { [Symbol.for("skip-override")]: true });
  await start({}, { plugins: [observer] });
  const tested = CALLS.map(([method, path]) => `${method} ${path.replace(/\?.*/, "")}`);
  expect(tested).toEqual(
    expect.arrayContaining(routes.map((route) => route.replace("/:topic/:event", "/topic/event"))),
  );
  expect(routes.length).toBeGreaterThan(7);
});

test("with no tokens set, everything is open", async () => {
  const { call } = await start({});
  for (const [method, path] of CALLS) {
    expect(THROUGH, `${method} ${path}`).toContain((await call(method, path)).status);
  }
});

describe("with both kinds of tokens set", () => {
  test.for(CALLS)("%s %s needs a token of this kind: %s", async ([method, path, kind]) => {
    const { call } = await start(both);
    const right = kind === "produce" ? PRODUCE : API;
    const wrong = kind === "produce" ? API : PRODUCE;
    for (const token of [null, ...wrong, "no-token-of-ours"]) {
      const { status, challenge, body } = await call(method, path, token && `Bearer ${token}`);
      if (kind === "open") {
        expect(THROUGH).toContain(status);
        continue;
      }
      expect(status, String(token)).toBe(401);
      expect(challenge).toBe(token === null ? "Bearer" : 'Bearer error="invalid_token"');
      if (method === "HEAD") continue;
      expect(JSON.parse(body)).toEqual({
        statusCode: 401,
        error: "Unauthorized",
        message: expect.stringContaining("Authorization: Bearer"),
      });
    }
    for (const token of right) {
      expect(THROUGH).toContain((await call(method, path, `Bearer ${token}`)).status);
    }
  });

  test("metrics that are open need none", async () => {
    const { call } = await start(both, { metrics: { ...noMetrics, open: true } });
    for (const token of [null, "Bearer no-token-of-ours"]) {
      expect((await call("GET", "/metrics", token)).status).toBe(200);
    }
  });

  test.for([
    ["bearer api-1", true],
    ["BEARER   api-2", true],
    ["Bearer api-1 ", true],
    ["Bearer api-3", false],
    ["Bearer api-", false],
    ["Bearer api-11", false],
    ["Bearer API-1", false],
    ["Bearer api-1,api-2", false],
    ["Bearer api-1 api-2", false],
    ["Bearer", false],
    ["Bearer ", false],
    ["Bearerapi-1", false],
    ["api-1", false],
    ["Basic api-1", false],
    [`Basic ${Buffer.from("api-1:api-1").toString("base64")}`, false],
    ["", false],
    [`Bearer ${"a".repeat(10_000)}`, false],
  ] as const)("the header %j: %s", async ([header, accepted]) => {
    const { call } = await start(both);
    expect((await call("GET", "/nothing", header)).status).toBe(accepted ? 404 : 401);
  });

  test("two headers are refused, whichever of them is right", async () => {
    const { url } = await start(both);
    const right = "Authorization: Bearer api-1";
    const wrong = "Authorization: Bearer forged";
    for (const [headers, status] of [
      [[right], 404],
      [[right, wrong], 401],
      [[wrong, right], 401],
      [[right, right], 401],
    ] as const) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(
        ["GET /nothing HTTP/1.1", "Host: localhost", "Connection: close", ...headers, "", ""].join("\r\n"),
      );
      expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  test("the token counts in the header alone", async () => {
    const { call } = await start(both);
    expect((await call("GET", "/nothing?access_token=api-1&API_TOKENS=api-1")).status).toBe(401);
  });
});

describe("with API_TOKENS alone", () => {
  test("only the service itself may deliver jobs, and so graphs are made", async () => {
    const { call, service } = await start({ API_TOKENS: "api-1" });
    for (const path of ["/produce", "/topic/event"]) {
      expect((await call("POST", path)).status).toBe(401);
      expect((await call("POST", path, "Bearer api-1")).status).toBe(401);
    }
    expect((await call("POST", `/graph?${query}`, "Bearer api-1")).status).toBe(202);
    await expect.poll(async () => (await call("GET", `/graph?${query}`, "Bearer api-1")).status).toBe(200);
    // Until its claim is released, the job is somebody's.
    const again = async () => (await call("POST", "/produce", `Bearer ${service.loopbackToken}`)).status;
    await expect.poll(again).toBe(204);
  });

  test("the loopback's token is no caller's", async () => {
    const { call, service } = await start({ API_TOKENS: "api-1" });
    expect((await call("GET", `/graph?${query}`, `Bearer ${service.loopbackToken}`)).status).toBe(401);
  });
});

test("with PRODUCE_TOKENS alone, callers are free, and delivering takes a token", async () => {
  const { call } = await start({ PRODUCE_TOKENS: "produce-1" });
  expect((await call("POST", "/produce")).status).toBe(401);
  expect((await call("POST", "/topic/event", "Bearer produce-1")).status).toBe(204);
  expect((await call("GET", `/graph?${query}`)).status).toBe(200);
  expect((await call("GET", "/nothing")).status).toBe(404);
});

test("a bus gets none of our tokens", async () => {
  const bus = await startBus();
  close.push(() => bus.server.close());
  const { call, service } = await start({ ...both, STREAM_APPLIANCE_ENDPOINT: bus.server.url.href });
  expect((await call("POST", `/graph?${query}`, "Bearer api-1")).status).toBe(202);
  expect(bus.jobs).toHaveLength(1);
  const seen = JSON.stringify(bus.server.requests);
  for (const token of [...API, ...PRODUCE, service.loopbackToken]) expect(seen).not.toContain(token);
  expect(seen).not.toMatch(/authorization/i);
});

test("no token is in the log, at any level", async () => {
  const { call, service } = await start(both);
  await call("GET", "/nothing", "Bearer api-1");
  await call("GET", "/nothing", "Bearer forged");
  await call("POST", "/produce", "Bearer produce-2");
  await call("POST", `/graph?${query}&refresh=true`, "Bearer api-2");
  await expect.poll(() => log.match(/"job-finished"/g)).toHaveLength(2);
  expect(log).toContain('"unauthorized"');
  for (const token of [...API, ...PRODUCE, "forged", service.loopbackToken]) {
    expect(log).not.toContain(token);
  }
});

const routes: FastifyPluginCallback = (app, _, done) => {
  app.get("/of-a-plugin", () => "hello");
  app.get("/of-a-plugin/open", { config: { access: "open" } }, () => "hello");
  done();
};

const cors: FastifyPluginCallback = (app, _, done) => {
  app.addHook("onRequest", async (request, reply) =>
    request.method === "OPTIONS" ? reply.code(204).send() : undefined,
  );
  done();
};
Object.assign(cors, { [Symbol.for("skip-override")]: true });

describe("a plugin", () => {
  test("has its routes behind callers' tokens, unless it says otherwise", async () => {
    const { call } = await start(both, { plugins: [routes] });
    expect((await call("GET", "/of-a-plugin")).status).toBe(401);
    expect((await call("GET", "/of-a-plugin", "Bearer produce-1")).status).toBe(401);
    expect((await call("GET", "/of-a-plugin", "Bearer api-1")).status).toBe(200);
    expect((await call("GET", "/of-a-plugin/open")).status).toBe(200);
  });

  test("may answer before tokens are looked at, as CORS does", async () => {
    const { call } = await start(both, { plugins: [cors] });
    expect((await call("OPTIONS", "/graph")).status).toBe(204);
    expect((await call("GET", "/graph")).status).toBe(401);
  });
});

describe("as a library", () => {
  test("tokens given to buildApp count, instead of the environment's", async () => {
    const { call } = await start(both, { access: { api: ["mine"] } });
    expect((await call("GET", "/nothing", "Bearer api-1")).status).toBe(401);
    expect((await call("GET", "/nothing", "Bearer mine")).status).toBe(404);
    expect((await call("POST", "/produce", "Bearer produce-1")).status).toBe(401);
  });

  test("a list without tokens accepts nobody", async () => {
    const { call } = await start({}, { access: { api: [] } });
    expect((await call("GET", "/nothing", "Bearer ")).status).toBe(401);
    expect((await call("GET", "/healthcheck")).status).toBe(200);
  });
});

describe("the settings", () => {
  test("spaces around tokens don't count", async () => {
    const { call } = await start({ API_TOKENS: " api-1 , api-2" });
    expect((await call("GET", "/nothing", "Bearer api-2")).status).toBe(404);
  });

  test.for(["api-1,", ",", "a b", "a,,b", "ü"])("%j is a fault, and isn't shown", (value) => {
    const make = () => new BuiltInService({}, { API_TOKENS: value });
    expect(make).toThrow(
      /fault:\n {2}API_TOKENS: expected tokens of visible ASCII characters, separated by commas$/,
    );
  });

  test("an empty variable counts as unset", async () => {
    const { call } = await start({ API_TOKENS: "", PRODUCE_TOKENS: "" });
    expect((await call("POST", "/produce")).status).toBe(204);
  });
});

test("a set of tokens has each of them and nothing else", () => {
  const set = new TokenSet(["a", "b", "c"]);
  expect(["a", "b", "c"].every((token) => set.has(token))).toBe(true);
  expect(["", "d", "ab", "a,b"].some((token) => set.has(token))).toBe(false);
  expect(new TokenSet([]).has("")).toBe(false);
});
