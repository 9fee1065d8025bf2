import { hostname, networkInterfaces } from "node:os";
import { z } from "zod";
import type { BoundAddress } from "../module.js";

/** Where jobs are POSTed. */
export interface JobEndpoint {
  readonly url: URL;
  /** True when it is this process's own listening address. */
  readonly local: boolean;
}

/** How an endpoint is written, for messages. */
export const EXPECTED_ENDPOINT = 'a URL such as "http://bus:8080/vpcflow/graph", "host:port" or ":port"';
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[\w.-]*):(\d{1,5})(\/.*)?$/i;
const ANY_HOST = "0.0.0.0";
const WILDCARDS = [ANY_HOST, "[::]"];

/** A URL, `host:port` or `:8080` (this machine), the last two with or without a path. */
export const jobEndpoint = z.string().transform((text, context) => {
  const [, host, port, path = "/"] = HOST_AND_PORT.exec(text) ?? [];
  const candidate = port === undefined ? text : `http://${host === "" ? ANY_HOST : host}:${port}${path}`;
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== "") {
    context.addIssue(`expected ${EXPECTED_ENDPOINT}`);
    return z.NEVER;
  }
  if (url.username !== "" || url.password !== "") {
    // They would have to be kept out of every log line.
    context.addIssue("expected a URL without user and password");
    return z.NEVER;
  }
  return url;
});

/**
 * Where jobs go, given what the user configured and where this process listens. On its own address a missing path
 * means `/produce`, and port 0 the port that was given. One port of one machine is taken for one process.
 *
 * @param names what this machine is called: `machineNames()`
 */
export function resolveJobEndpoint(
  configured: URL | undefined,
  bound: BoundAddress,
  names: readonly string[],
): JobEndpoint {
  const listening = inUrl(bound.host);
  const self = WILDCARDS.includes(listening) ? "127.0.0.1" : listening;
  if (configured === undefined) return { url: new URL(`http://${self}:${bound.port}/produce`), local: true };
  const url = new URL(configured);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const own = [...WILDCARDS, "localhost", "[::1]", listening, ...names.map(inUrl)];
  const here = own.includes(url.hostname) || /^127\.[\d.]+$/.test(url.hostname);
  // The service itself speaks no TLS.
  const local = here && url.protocol === "http:" && (port === bound.port || port === 0);
  if (local) {
    url.host = `${self}:${bound.port}`;
    if (url.pathname === "/") url.pathname = "/produce";
  } else if (WILDCARDS.includes(url.hostname)) {
    // Another process of this machine: connecting to "any address" works on some systems only.
    url.hostname = "127.0.0.1";
  }
  return { url, local };
}

/** The name and the addresses of this machine. */
export function machineNames(): string[] {
  return [
    hostname(),
    ...Object.values(networkInterfaces()).flatMap((all = []) => all.map((one) => one.address)),
  ];
}

/** A host as URLs write it: lower case, IPv6 shortened, in brackets and without a zone, which URLs have no place for. */
function inUrl(host: string): string {
  const url = `http://${host.includes(":") ? `[${host.replace(/%.*/, "")}]` : host}`;
  return URL.canParse(url) ? new URL(url).hostname : host;
}
