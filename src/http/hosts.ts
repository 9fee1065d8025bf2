import { isIP } from "node:net";
import { hostname } from "node:os";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { HttpError } from "./errors.js";

const NAME = /^[a-z\d](?:[a-z\d._-]*[a-z\d])?$/;

export const hostSettings = {
  HTTP_ALLOWED_HOSTS: z
    .string()
    .transform((text, context) => {
      const names = text.split(",").map((name) => name.trim().toLowerCase());
      if (names.every((name) => NAME.test(name))) return names;
      context.addIssue("expected names of hosts without ports, separated by commas");
      return z.NEVER;
    })
    .optional()
    .describe(
      "host names by which the service may be called (`Host` header), separated by commas. `localhost`, IP addresses and this machine's name are always allowed. Unset: any name, except over the loopback interface when callers need no token",
    ),
};

const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]/\s]+))(?::\d*)?$/i;
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** A browser sends an address only where its user went to that address: no name was made to point here. */
function isOwn(host: string): boolean {
  return isIP(host) !== 0 || /(?:^|\.)localhost\.?$/.test(host) || host === hostname().toLowerCase();
}

/** Node shows the first of several alone. Names and values take turns in its list. */
function isGivenTwice(rawHeaders: readonly string[]): boolean {
  let times = 0;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place];
    if (name?.length === 4 && name.toLowerCase() === "host") times++;
  }
  return times > 1;
}

/**
 * Refuses requests for names that aren't ours. Any page that somebody opens in a browser can have its own name point at
 * 127.0.0.1 and then read what is served there (DNS rebinding). Tokens keep such a page out; where callers are `open`, the
 * name that it has to send does, on connections over the loopback. On others the names are up to `allowed`.
 */
export function requireHost(
  app: FastifyInstance,
  { allowed, open }: { readonly allowed: readonly string[] | undefined; readonly open: boolean },
): void {
  // Let in whatever the connection and the route are. Most callers send the same.
  let lastOwn: string | undefined;

  app.addHook("onRequest", (request, _reply, done) => {
    const { raw } = request;
    const header = raw.headers.host;
    if (isGivenTwice(raw.rawHeaders)) {
      throw new HttpError(400, "the header Host must be given once");
    }
    // HTTP/1.0 knows none, and whoever sends none is no browser.
    if (header === undefined && raw.httpVersion !== "1.0") {
      throw new HttpError(400, "the header Host is missing");
    }
    if (header === undefined || header === lastOwn) {
      done();
      return;
    }
    const [, address, name] = HOST.exec(header) ?? [];
    const host = (address ?? name)?.toLowerCase();
    if (host === undefined)
      throw new HttpError(400, "the header Host must be a name or an address, and a port");
    if (isOwn(host)) lastOwn = header;
    const local = LOOPBACK.test(raw.socket.localAddress ?? "");
    const checked = allowed !== undefined || (open && local);
    if (
      !checked ||
      header === lastOwn ||
      request.routeOptions.config.access === "open" ||
      allowed?.includes(host) === true
    ) {
      done();
      return;
    }
    throw new HttpError(
      421,
      "the service doesn't answer to this host name; HTTP_ALLOWED_HOSTS lists those that it answers to",
    );
  });
}
