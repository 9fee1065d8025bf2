// A caller's program, by types that are generated from the description that a service gives of itself.
import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { paths } from "./service.js";

const [baseUrl = "", start = "", stop = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl });
const query = { start, stop };

// @ts-expect-error a window has two ends
const refused = await client.POST("/graph", { params: { query: { start } } });
if (refused.response.status !== 400) throw new Error(`half a window: ${refused.response.status}`);

const asked = await client.POST("/graph", { params: { query } });
if (asked.error !== undefined) throw new Error(asked.error.message);
let found;
do {
  found = await client.GET("/graph", { params: { query }, parseAs: "text" });
  if (found.error !== undefined) throw new Error(found.error.message);
  if (found.response.status === 204) await sleep(1000 * Number(found.response.headers.get("retry-after")));
} while (found.response.status === 204);
// @ts-expect-error it is text
const graph: number | undefined = found.data;
console.log(graph);
