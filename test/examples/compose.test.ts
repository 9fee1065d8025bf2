import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configWarnings, loadConfig } from "../../src/compose/config.js";

const file = (name: string) =>
  readFileSync(new URL(`../../examples/compose/${name}`, import.meta.url), "utf8");

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({ environment: z.record(z.string(), z.string()).default({}) }),
  ),
});
const { services } = Compose.parse(parse(file("compose.yaml"), { merge: true }));

test.for(["api", "worker"])("the settings of %s are the service's, and understood", (name) => {
  const env = services[name]?.environment ?? {};
  const config = loadConfig(env);
  expect(configWarnings(config, env)).toEqual([]);
  expect(config.SQS_CONSUME).toBe(name === "worker");
});

test("they share buckets and queue, and the queue is there", () => {
  const { SQS_CONSUME: _, HTTP_ALLOWED_HOSTS: __, ...api } = services["api"]?.environment ?? {};
  expect(api).toEqual(services["worker"]?.environment);
  const { queues } = z
    .object({ queues: z.array(z.object({ name: z.string() })) })
    .parse(JSON.parse(file("queues.json")));
  expect(queues.map(({ name }) => name)).toContain(api["STREAM_APPLIANCE_ENDPOINT"]?.split("/").at(-1));
});
