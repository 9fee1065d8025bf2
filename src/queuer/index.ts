import type { z } from "zod";
import { rulesOf, settingsOf } from "../registry.js";
import { endpointOf } from "../scheme.js";
import { createHttpQueuer, busEndpoint } from "./bus-endpoint.js";
import type { Queuer, QueuerGiven } from "./queuer.js";
import { sqsEndpoint } from "./sqs-endpoint.js";

/** What STREAM_APPLIANCE_ENDPOINT chooses, by its scheme. The last one takes `host:port` as well, which looks like a scheme. */
const schemes = {
  sqs: sqsEndpoint,
  http: busEndpoint,
};

/** Every Queuer that the environment can choose. */
export const queuerSettings = {
  STREAM_APPLIANCE_ENDPOINT: endpointOf(schemes)
    .optional()
    .describe(
      "where jobs go: an SQS queue, `https://sqs.<region>.amazonaws.com/<account>/<queue>` (`sqs+https://…` for other services with the same protocol), or a bus that jobs are POSTed to: a URL, `host:port` or `:port`. Unset: this process's own /produce",
    ),
  ...settingsOf(schemes),
};
export const queuerRules = rulesOf(schemes);

export function createQueuer(
  config: z.infer<z.ZodObject<typeof queuerSettings>>,
  given: QueuerGiven,
): Queuer {
  return config.STREAM_APPLIANCE_ENDPOINT?.create(config, given) ?? createHttpQueuer(undefined, given);
}
