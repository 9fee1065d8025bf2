import type { Dispatcher } from "undici";
import type { z } from "zod";
import { jobEndpointSettings, machineNames, resolveJobEndpoint } from "./endpoint.js";
import { HttpQueuer } from "./http.js";
import type { Queuer } from "./queuer.js";

/** Every Queuer that the environment can choose. */
export const queuerSettings = { ...jobEndpointSettings };

export function createQueuer(
  config: z.infer<z.ZodObject<typeof queuerSettings>>,
  { client }: { client: Dispatcher | undefined },
): Queuer {
  const names = machineNames();
  return new HttpQueuer({
    endpoint: (bound) => {
      if (bound === undefined) throw new Error("jobs can be queued when the process listens, not before");
      return resolveJobEndpoint(config.STREAM_APPLIANCE_ENDPOINT, bound, names);
    },
    // Whoever asked for the graph must not wait for it. A bus has its own ideas of waiting.
    localHeaders: { prefer: "respond-async" },
    client,
  });
}
