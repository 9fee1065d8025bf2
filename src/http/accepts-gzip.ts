import type { FastifyRequest } from "fastify";
import Negotiator from "negotiator";

/** What was read last: most callers send the same. */
let last: { readonly header: string; readonly gzip: boolean } | undefined;

/** Without the header every coding is acceptable, but who doesn't ask for gzip rarely expects it. */
export function acceptsGzip({ raw }: FastifyRequest): boolean {
  const header = raw.headers["accept-encoding"];
  if (typeof header !== "string") return false;
  if (header !== last?.header) {
    last = { header, gzip: new Negotiator(raw).encoding(["gzip", "identity"]) === "gzip" };
  }
  return last.gzip;
}
