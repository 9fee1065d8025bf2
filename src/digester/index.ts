import type { z } from "zod";
import { rulesOf, settingsOf } from "../registry.js";
import { endpointOf } from "../scheme.js";
import type { Digester, DigesterGiven } from "./digester.js";
import { athenaEndpoint } from "./athena.js";
import { fileEndpoint } from "./file.js";
import { digesterdEndpoint } from "./http.js";
import { s3Endpoint } from "./s3.js";

/** What DIGESTER_ENDPOINT chooses, by its scheme. */
const schemes = {
  http: digesterdEndpoint,
  s3: s3Endpoint,
  athena: athenaEndpoint,
  file: fileEndpoint,
};

/** Every Digester that the environment can choose. */
export const digesterSettings = {
  DIGESTER_ENDPOINT: endpointOf(schemes)
    .prefault("file:./flow-logs")
    .describe(
      "where flow logs come from: `file:path`, `s3://bucket/prefix`, the `http(s)://…` URL of a vpcflow-digesterd, or `athena://catalog/database/table`",
    ),
  ...settingsOf(schemes),
};
export const digesterRules = rulesOf(schemes);

export function createDigester(
  config: z.infer<z.ZodObject<typeof digesterSettings>>,
  given: DigesterGiven,
): Digester {
  return config.DIGESTER_ENDPOINT.create(config, given);
}
