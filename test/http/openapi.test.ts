import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { buildApp } from "../../src/http/app.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { checkedFetch, noMetrics } from "../support/checked-fetch.js";

let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  const modules = { storage: new MemoryStorage(), marker: new MemoryMarker() };
  const flowLogs = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
  const service = new BuiltInService(modules, { DIGESTER_ENDPOINT: `file:${flowLogs}` });
  app = await buildApp(service, { metrics: noMetrics });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => app.close());

test("the description is valid OpenAPI 3.1 and has every route", async () => {
  const text = await (await fetch(`${url}/openapi.json`)).text();
  const document = JSON.parse(text);
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const routes = Object.entries<object>(document.paths).map(([path, methods]) => [
    path,
    Object.keys(methods),
  ]);
  expect(Object.fromEntries(routes)).toEqual({
    "/": ["get", "head", "post"],
    "/graph": ["get", "head", "post"],
    "/graph/findings": ["get"],
    "/graphs": ["get"],
    "/graph/progress": ["get"],
    "/produce": ["post"],
    "/{topic}/{event}": ["post"],
    "/healthcheck": ["get", "head"],
    "/readiness": ["get", "head"],
    "/metrics": ["get"],
  });
  const { post } = document.paths["/graph"];
  expect(Object.keys(post.responses["202"].headers)).toEqual(["Location", "Retry-After"]);
  expect(post.responses["202"].content).toBeUndefined();
  expect(document.paths["/graph"].get.responses["200"].content).toHaveProperty(["text/vnd.graphviz"]);
  const parameters = post.parameters.map(({ name }: { name: string }) => name);
  expect(parameters).toEqual(["start", "stop", "account", "region", "vpc", "refresh"]);
});

test("the page to browse it loads nothing from elsewhere", async () => {
  const page = await fetch(`${url}/docs`);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  const html = await page.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(4);
  for (const link of links) {
    expect(link).toMatch(/^(?:\.?\/docs\/|\.\/)/);
    const asset = await fetch(new URL(link, `${url}/docs`));
    expect(asset.status).toBe(200);
    await asset.arrayBuffer();
  }
  const initializer = await (await fetch(`${url}/docs/static/swagger-initializer.js`)).text();
  expect(initializer).toContain("validatorUrl: null");
  expect((await fetch(`${url}/docs/json`)).status).toBe(200);
});

test.each([
  ["GET", "/healthcheck", 200],
  ["GET", "/readiness", 200],
  ["GET", "/metrics", 200],
  ["GET", "/graph", 400],
  ["GET", "/?start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z", 404],
  ["HEAD", "/graph?start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z", 404],
  ["POST", "/graph?start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z", 202],
  ["POST", "/topic/event", 400],
])("%s %s answers %i as described", async (method, path, status) => {
  const response = await checkedFetch(new URL(path, url), { method });
  expect(response.status).toBe(status);
});
