import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const BUILT = fileURLToPath(new URL("../../dist/page", import.meta.url));
const MOST_BYTES = 100_000;

let data: TemporaryDir;
let service: ServiceProcess;

beforeAll(async () => {
  data = await temporaryDir();
  service = await ServiceProcess.start({ GRAPH_DATA_DIR: data.path, API_TOKENS: "one" });
});

afterAll(async () => {
  await service.stop();
  await data.remove();
});

/** As it is sent: `fetch` follows no redirect. */
async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(service.url + path, { headers, redirect: "manual" });
}

test("the page and its files are open, and nothing but itself may be loaded or run", async () => {
  const index = await get("/ui");
  expect(index.status).toBe(200);
  expect(index.headers.get("cache-control")).toBe("no-cache");
  const policy = index.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  const text = await index.text();
  const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
  expect(files).toHaveLength(3);
  for (const file of files) {
    expect(file).toMatch(/^\/ui\/assets\/[\w-]+-[\w-]{8}\.(?:js|css|svg)$/);
    const answer = await get(file);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toMatch(/immutable/);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
  }
  expect((await get("/ui/assets/none.js")).status).toBe(404);
  expect((await get("/ui/assets/..%2f..%2fmain.js")).status).toBe(404);
  expect((await get("/graphs")).status).toBe(401);
});

test("a browser that asks for / is sent to the page; whoever names a window, or isn't one, is answered as ever", async () => {
  const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const sent = await get("/", browser);
  expect([sent.status, sent.headers.get("location")]).toEqual([302, "/ui"]);
  expect((await get("/?start=2024-01-01T00:00:00Z&stop=2024-01-01T01:00:00Z", browser)).status).toBe(401);
  expect((await get("/", { accept: "*/*" })).status).toBe(401);
});

test("all of it is small", async () => {
  const names = await readdir(BUILT, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(3);
  let bytes = 0;
  for (const { parentPath, name } of files) bytes += gzipSync(await readFile(join(parentPath, name))).length;
  expect(bytes).toBeLessThan(MOST_BYTES);
});
