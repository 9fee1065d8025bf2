import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Digester } from "../../src/digester/digester.js";
import { type Scope, scopeOf } from "../../src/scope.js";
import { ScopeError } from "../../src/scope-parts.js";
import type { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { graphOf, serve, type Serving } from "./serving.js";

const ONE = "account=111122223333&vpc=vpc-2,vpc-1";
const SCOPE = "account=111122223333 vpc=vpc-1,vpc-2";
const scope = scopeOf({ account: "111122223333", vpc: "vpc-1,vpc-2" });

/** Each scope has a host of its own. */
class ScopedDigester implements Digester {
  readonly asked: (Scope | undefined)[] = [];

  checkScope(scope: Scope): void {
    if (scope.includes("444455556666")) throw new ScopeError("account must be another");
  }

  digest({ scope, stopDate }: TimeWindow) {
    this.asked.push(scope);
    const end = stopDate.getTime() / 1000 - 1;
    const host = scope === undefined ? "10.0.0.1" : "10.0.0.2";
    const line = `2 111122223333 eni-1 ${host} 10.0.0.9 0 22 6 1 40 ${end} ${end} ACCEPT OK\n`;
    return Promise.resolve({ body: Readable.from([Buffer.from(line)]) });
  }
}

function serveScopes(env: Record<string, string> = {}): Promise<Serving> {
  return serve(env, { digester: new ScopedDigester() });
}

async function make({ call }: Serving, window: TimeWindow, parameters = ""): Promise<void> {
  const path = `${graphOf(window)}${parameters}`;
  await eventually(async () => expect(await call("POST", path)).toMatchObject({ status: 202 }));
  await eventually(async () => expect(await call("GET", path)).toMatchObject({ status: 200 }));
}

async function json({ call }: Serving, path: string): Promise<unknown> {
  const answer = await call("GET", path, { headers: { accept: "application/json" } });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body.toString());
}

test("a graph of a scope is another than that of all flow logs, by whatever order of parameters it is asked for", async () => {
  const serving = await serveScopes();
  const { call, storage } = serving;
  const hour = nthHour(1);
  const asked = await call("POST", `${graphOf(hour)}&${ONE}`);
  expect(asked.status).toBe(202);
  expect(asked.headers["location"]).toBe(`${graphOf(hour)}&account=111122223333&vpc=vpc-1,vpc-2`);
  const graph = await eventually(async () => {
    const answer = await call("GET", String(asked.headers["location"]));
    expect(answer.status).toBe(200);
    return answer.body.toString();
  });
  expect(graph).toContain('"10.0.0.2" -> "10.0.0.9"');
  const reversed = `/graph?vpc=vpc-1,vpc-2&account=111122223333&${graphOf(hour).slice("/graph?".length)}`;
  expect((await call("GET", reversed)).body.toString()).toBe(graph);
  expect(await call("HEAD", `${graphOf(hour, "/")}&${ONE}`)).toMatchObject({ status: 200 });
  expect(await call("POST", reversed)).toMatchObject({ status: 409 });
  expect(await storage.head(hour.within(scope).id, new AbortController().signal)).toBeDefined();

  expect(await call("GET", graphOf(hour))).toMatchObject({ status: 404 });
  expect(await call("GET", `${graphOf(hour)}&account=111122223333`)).toMatchObject({ status: 404 });
  await make(serving, hour);
  expect((await call("GET", graphOf(hour))).body.toString()).toContain('"10.0.0.1" -> "10.0.0.9"');
});

test("views, findings, progress and the list say which scope they are of", async () => {
  const serving = await serveScopes();
  const [before, hour] = [nthHour(1), nthHour(2)];
  for (const window of [before, hour]) await make(serving, window, `&${ONE}`);
  await make(serving, hour);

  expect(await json(serving, `${graphOf(hour)}&${ONE}&format=json`)).toMatchObject({ scope: SCOPE });
  expect(await json(serving, `${graphOf(hour)}&format=json`)).not.toHaveProperty("scope");
  const svg = await serving.call("GET", `${graphOf(hour)}&${ONE}&format=svg`);
  expect(svg.body.toString()).toContain("account=111122223333 vpc=vpc-1, vpc-2");
  expect(await json(serving, `${graphOf(hour, "/graph/findings")}&${ONE}`)).toMatchObject({ scope: SCOPE });
  expect(await json(serving, `${graphOf(hour, "/graph/progress")}&${ONE}`)).toMatchObject({
    scope: SCOPE,
    state: "done",
  });

  const Page = z.object({ graphs: z.array(z.looseObject({ id: z.string() })) });
  const listed = async (query: string) =>
    Page.parse(await json(serving, `/graphs${query}`)).graphs.map(
      ({ id, scope }) => `${id} ${String(scope)}`,
    );
  const whole = `${hour.id} undefined`;
  const ofScope = [hour, before].map((window) => `${window.within(scope).id} ${SCOPE}`);
  await eventually(async () => expect(new Set(await listed(""))).toEqual(new Set([whole, ...ofScope])));
  expect(await listed(`?${ONE}`)).toEqual(ofScope);
  expect(await listed(`?${ONE}&limit=1`)).toEqual(ofScope.slice(0, 1));
  expect(await listed("?vpc=vpc-1")).toEqual([]);
});

test("what a window is compared with is of the same scope", async () => {
  const serving = await serveScopes();
  const [before, hour] = [nthHour(1), nthHour(2)];
  await make(serving, before);
  await make(serving, hour, `&${ONE}`);
  const against = `against=${before.start}/${before.stop}`;
  const path = `${graphOf(hour)}&${ONE}&format=json&${against}`;
  const missing = await serving.call("GET", path);
  expect([missing.status, missing.message]).toEqual([
    404,
    `against: the graph from ${before.start} to ${before.stop} of ${SCOPE} doesn't exist: POST /graph makes it`,
  ]);
  const baseline = `${graphOf(hour, "/graph/findings")}&${ONE}&baseline=1`;
  expect(await json(serving, baseline)).toMatchObject({ before: [] });
  await make(serving, before, `&${ONE}`);
  expect(await json(serving, path)).toMatchObject({ against: { start: before.start }, scope: SCOPE });
  expect(await json(serving, baseline)).toMatchObject({ before: [{ start: before.start }] });
});

describe("400, with what is wrong, for", () => {
  const routes = [
    ["POST", "/graph"],
    ["GET", "/graph"],
    ["POST", "/"],
    ["GET", "/"],
    ["GET", "/graph/findings"],
    ["GET", "/graph/progress"],
  ] as const;

  test.for(routes)("%s %s whose scope can't be", async ([method, path]) => {
    const { call } = await serveScopes();
    const url = graphOf(nthHour(1), path);
    for (const [query, message] of [
      ["account=12", 'account must be an account id of 12 digits, or several separated by commas, not "12"'],
      ["region=", 'region must be a region such as eu-west-1, or several separated by commas, not ""'],
      ["vpc=vpc-1&vpc=vpc-2", "vpc must be given once, with commas between several"],
      ["account=444455556666", "account must be another"],
    ]) {
      const answer = await call(method, `${url}&${query}`);
      expect([answer.status, answer.message]).toEqual([400, message]);
    }
  });

  test.for(routes)("%s %s with a scope that the digester doesn't know", async ([method, path]) => {
    const { call } = await serve();
    const answer = await call(method, `${graphOf(nthHour(1), path)}&${ONE}`);
    const message =
      "account, region and vpc can't be given: the digester of this service gives all flow logs or none";
    expect([answer.status, answer.message]).toEqual([400, message]);
  });

  test("a job whose scope isn't that of its id, or can't be", async () => {
    const { call } = await serveScopes();
    const { id, start, stop } = nthHour(1).within(scope);
    for (const [job, message] of [
      [{ id, start, stop, scope: "vpc=vpc-1" }, /^id must be the id of the window and the scope/],
      [{ id, start, stop }, /^id must be the id of the window/],
      [{ id, start, stop, scope: "all" }, /^scope: expected account=/],
      [{ id, start, stop, scope: ["vpc=vpc-1"] }, /^scope/],
    ] as const) {
      const answer = await call("POST", "/produce", { body: JSON.stringify(job) });
      expect(answer.status).toBe(400);
      expect(answer.message).toMatch(message);
    }
    const right = await call("POST", "/produce", { body: JSON.stringify({ id, start, stop, scope: SCOPE }) });
    expect(right.status).toBe(204);
  });
});

test("422 for a job whose scope is beyond that of the digester: other processes may be set to read it", async () => {
  const { call } = await serveScopes();
  const { id, start, stop, scope: given } = nthHour(1).within(scopeOf({ account: "444455556666" }));
  const answer = await call("POST", "/produce", { body: JSON.stringify({ id, start, stop, scope: given }) });
  expect([answer.status, answer.message]).toEqual([422, "account must be another"]);
});
