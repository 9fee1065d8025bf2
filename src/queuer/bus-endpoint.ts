import { scheme } from "../scheme.js";
import { EXPECTED_ENDPOINT, jobEndpoint, machineNames, resolveJobEndpoint } from "./job-endpoint.js";
import { HttpQueuer } from "./http.js";
import type { QueuerGiven } from "./queuer.js";

/** @param url undefined: this process's own /produce */
export function createHttpQueuer(url: URL | undefined, { client }: QueuerGiven): HttpQueuer {
  const names = machineNames();
  return new HttpQueuer({
    endpoint: (bound) => {
      if (bound === undefined) throw new Error("jobs can be queued when the process listens, not before");
      return resolveJobEndpoint(url, bound, names);
    },
    // Whoever asked for the graph must not wait for it. A bus has its own ideas of waiting.
    localHeaders: { prefer: "respond-async" },
    client,
  });
}

/** Jobs POSTed to a bus, or to this process. */
export const busEndpoint = scheme({
  // Whatever no other scheme is.
  pattern: /^/,
  expected: EXPECTED_ENDPOINT,
  place: jobEndpoint,
  settings: {},
  create: (url, _, given: QueuerGiven) => createHttpQueuer(url, given),
});
