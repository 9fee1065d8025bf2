import { createConfig, formatProblems, getTotals, lintFromString } from "@redocly/openapi-core";
import { BuiltInService } from "../src/compose/built-in-service.js";
import { buildApp } from "../src/http/app.js";
import { MemoryMarker } from "../src/marker/memory.js";
import { MemoryStorage } from "../src/storage/memory.js";
import { noMetrics } from "./support/checked-fetch.js";

/** `npm run check:api`: is what the service says of itself good OpenAPI, for those who generate clients from it? */
const config = await createConfig({
  extends: ["recommended-strict"],
  // Each operation's `default` answer covers them.
  rules: { "operation-4xx-response": "off" },
});
const service = new BuiltInService({ storage: new MemoryStorage(), marker: new MemoryMarker() }, {});
const app = await buildApp(service, { metrics: noMetrics });
await app.ready();
const source = JSON.stringify(app.swagger(), null, 2);
await app.close();
const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
const totals = getTotals(problems);
formatProblems(problems, { totals, version: "" });
if (totals.errors + totals.warnings > 0) process.exitCode = 1;
