import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

/** The files of src/, each with what it imports of src/, as paths below it. */
const imports = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      const found = text.matchAll(/(?:from|import)\s*\(?"(\.[^"]+)\.js"/g);
      return [path, [...found].map(([, to = ""]) => `${relative(root, join(root, dirname(path), to))}.ts`)];
    }),
);

const PORTS = ["storage", "marker", "queuer", "digester"];
const SHARED = [
  "aws",
  "s3",
  "sqs",
  "disk",
  "http-client",
  "parquet",
  "flow-log",
  "edges",
  "graph",
  "view",
  "finding",
];

/** Breaks of a rule: "a.ts imports b.ts". */
function breaks(from: RegExp, allowed: (to: string, from: string) => boolean): string[] {
  return [...imports]
    .filter(([path]) => from.test(path))
    .flatMap(([path, all]) => all.filter((to) => !allowed(to, path)).map((to) => `${path} imports ${to}`));
}

test("the imports are found", () => {
  expect(imports.size).toBeGreaterThan(60);
  expect(imports.get("service.ts")).toContain("worker/worker.ts");
});

test("a port and its implementations import no other port, no worker, service or http", () => {
  const outside = /^(?:http|worker|telemetry|compose)\/|^(?:service|service-settings|main|index)\.ts$/;
  const port = new RegExp(`^(?:${PORTS.join("|")})/`);
  const allowed = (to: string, from: string) =>
    !outside.test(to) && (!port.test(to) || dirname(to).split("/")[0] === from.split("/")[0]);
  expect(breaks(port, allowed)).toEqual([]);
});

test("what they share knows nothing of them", () => {
  const shared = new RegExp(`^(?:${SHARED.join("|")})/`);
  const above = new RegExp(
    `^(?:${[...PORTS, "http", "worker", "compose"].join("|")})/|^(?:service|main|index)\\.ts$`,
  );
  expect(breaks(shared, (to) => !above.test(to))).toEqual([]);
});

test("those who bring jobs know neither the service nor the ports", () => {
  const known = /^(?:deliver|sqs|aws)\/|^(?:deliverer|envelope|errors|deadline|settings)\.ts$/;
  expect(breaks(/^deliver\//, (to) => known.test(to))).toEqual([]);
});

test("what is pure imports the pure alone, and does no I/O", () => {
  const pure = /^(?:parquet|flow-log|edges|graph|view|finding)\//;
  expect(
    breaks(
      pure,
      (to) => pure.test(to) || /^(?:errors|turn|compressor|web-assembly|idle-kernels)\.ts$/.test(to),
    ),
  ).toEqual([]);
  expect(
    breaks(/^parquet\//, (to) =>
      /^(?:parquet|flow-log)\/|^(?:turn|compressor|web-assembly|idle-kernels)\.ts$/.test(to),
    ),
  ).toEqual([]);
});

test("names know what is pure, and how their own files are read", () => {
  const known = /^(?:name|flow-log)\/|^(?:settings|deadline|errors|turn)\.ts$/;
  expect(breaks(/^name\//, (to) => known.test(to))).toEqual([]);
});

test("what answers knows of ports the storage alone, and its thread not even that", () => {
  const known =
    /^(?:answer|view|finding|name|edges|graph|flow-log)\/|^storage\/storage\.ts$|^(?:built-file|settings|errors|window)\.ts$/;
  expect(breaks(/^answer\//, (to) => known.test(to))).toEqual([]);
  const remote = /^answer\/(?:thread|answer-question|tables|read-graph|bytes-of)\.ts$/;
  expect(
    breaks(remote, (to) => !/^(?:storage\/|answer\/(?:answers|open-graph|reading)\.ts$)/.test(to)),
  ).toEqual([]);
});

test("the worker and the service know ports, never registries, implementations or http", () => {
  const ports = new Set(PORTS.map((port) => `${port}/${port}.ts`));
  const room = new RegExp(`^(?:http|compose|${PORTS.join("|")})/|^(?:main|index)\\.ts$`);
  const allowed = (to: string) => ports.has(to) || !room.test(to);
  expect(breaks(/^(?:worker\/|service\.ts$)/, allowed)).toEqual([]);
  expect(breaks(/^worker\//, (to) => to !== "service.ts")).toEqual([]);
});

test("http knows the service, and of ports their types alone", () => {
  const ports = new Set(PORTS.map((port) => `${port}/${port}.ts`));
  const room = new RegExp(`^(?:worker|compose|${PORTS.join("|")})/|^(?:main|index)\\.ts$`);
  expect(breaks(/^http\//, (to) => ports.has(to) || !room.test(to))).toEqual([]);
});

test("only the executable and the library's entry see what puts a process together", () => {
  expect(breaks(/^(?!(?:main|index)\.ts$|compose\/)/, (to) => !to.startsWith("compose/"))).toEqual([]);
});

test("the page knows of all others what is pure, and nobody knows the page", () => {
  expect(breaks(/^ui\//, (to) => /^(?:ui|view|flow-log)\//.test(to))).toEqual([]);
  expect(breaks(/^(?!ui\/)/, (to) => !to.startsWith("ui/"))).toEqual([]);
});

test("registries are seen by that room alone", () => {
  const registries = new Set(PORTS.map((port) => `${port}/index.ts`));
  expect(breaks(/./, (to, from) => !registries.has(to) || from.startsWith("compose/"))).toEqual([]);
});

/** Packages that a file needs before its first line runs, with those of every file of ours that it needs so. */
function needed(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const text = readFileSync(join(root, path), "utf8");
  const found = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm)];
  return found.flatMap(([, name = ""]) =>
    name.startsWith(".") ? needed(`${join(dirname(path), name).slice(0, -".js".length)}.ts`, seen) : [name],
  );
}

test("the client libraries of AWS are loaded only where they are used", () => {
  const packages = needed("main.ts");
  expect(packages).toContain("fastify");
  expect(packages.filter((name) => name.startsWith("@aws-sdk/"))).toEqual([]);
  expect(needed("sqs/queue.ts")).toContain("@aws-sdk/client-sqs");
});

test("whoever digests flow logs needs no schemas: its thread starts without the library that checks them", () => {
  const digesting = [
    "digester/flow-logs/flow-log-digester.ts",
    "digester/flow-logs/directory.ts",
    "digester/flow-logs/bucket.ts",
    "digester/flow-logs/athena/source.ts",
    "worker/make-graph.ts",
    "window.ts",
  ];
  expect(digesting.filter((path) => needed(path).includes("zod"))).toEqual([]);
  expect(needed("digester/flow-logs/settings.ts")).toContain("zod");
});

test("nobody imports the executable or the library's entry", () => {
  expect(breaks(/./, (to) => to !== "main.ts" && to !== "index.ts")).toEqual([]);
});

test("the environment is read in one room", () => {
  const readers = [...imports.keys()].filter((path) =>
    /process\.env/.test(readFileSync(join(root, path), "utf8")),
  );
  expect(readers.filter((path) => !path.startsWith("compose/"))).toEqual([]);
});
