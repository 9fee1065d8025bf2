import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { z } from "zod";
import { interval } from "../settings.js";
import type { Stats } from "./stats.js";

function name(fallback: string) {
  return z
    .string()
    .regex(/^[\w.-]{1,200}$/, "expected the name of a metric: letters, digits, _ . -")
    .default(fallback);
}

/** The names that the Go runtime gave these metrics, and the variables that change them. */
export const connectionStateSettings = {
  RUNTIME_CONNSTATE_REPORTINTERVAL: interval
    .prefault("5s")
    .describe("how often the gauges of connections are reported"),
  RUNTIME_CONNSTATE_NEWCOUNTER: name("http.server.connstate.new").describe("counter of connections opened"),
  RUNTIME_CONNSTATE_NEWGAUGE: name("http.server.connstate.new.gauge").describe(
    "gauge of connections without a request yet",
  ),
  RUNTIME_CONNSTATE_ACTIVECOUNTER: name("http.server.connstate.active").describe(
    "counter of connections that began a request",
  ),
  RUNTIME_CONNSTATE_ACTIVEGAUGE: name("http.server.connstate.active.gauge").describe(
    "gauge of connections within a request",
  ),
  RUNTIME_CONNSTATE_IDLECOUNTER: name("http.server.connstate.idle").describe(
    "counter of connections that ended a request and stay open",
  ),
  RUNTIME_CONNSTATE_IDLEGAUGE: name("http.server.connstate.idle.gauge").describe(
    "gauge of connections between requests",
  ),
  RUNTIME_CONNSTATE_CLOSEDCOUNTER: name("http.server.connstate.closed").describe(
    "counter of connections closed",
  ),
  RUNTIME_CONNSTATE_HIJACKEDCOUNTER: name("http.server.connstate.hijacked").describe(
    "counter of connections that became something else than HTTP",
  ),
};
const defaults = z.object(connectionStateSettings);
export type ConnectionStateSettings = z.infer<typeof defaults>;

/**
 * Reports in which states a server's connections are. To be called before it listens.
 *
 * @returns a function that ends the reports of the gauges
 */
export function reportConnections(
  server: Server,
  stats: Stats,
  settings: ConnectionStateSettings = defaults.parse({}),
): () => void {
  const states = new Map<Socket, "new" | "active" | "idle">();

  server.on("connection", (socket: Socket) => {
    states.set(socket, "new");
    stats.increment(settings.RUNTIME_CONNSTATE_NEWCOUNTER, 1);
    socket.once("close", () => {
      if (states.delete(socket)) stats.increment(settings.RUNTIME_CONNSTATE_CLOSEDCOUNTER, 1);
    });
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    states.set(socket, "active");
    stats.increment(settings.RUNTIME_CONNSTATE_ACTIVECOUNTER, 1);
    response.once("close", () => {
      if (socket.destroyed || !states.has(socket)) return;
      states.set(socket, "idle");
      stats.increment(settings.RUNTIME_CONNSTATE_IDLECOUNTER, 1);
    });
  });
  // A listener of our own would have Node offer upgrades that nobody handles.
  if (server.listenerCount("upgrade") > 0) {
    server.prependListener("upgrade", ({ socket }: IncomingMessage) => {
      states.delete(socket);
      stats.increment(settings.RUNTIME_CONNSTATE_HIJACKEDCOUNTER, 1);
    });
  }

  const count = (state: string) => [...states.values()].filter((each) => each === state).length;
  const timer = setInterval(() => {
    stats.gauge(settings.RUNTIME_CONNSTATE_NEWGAUGE, count("new"));
    stats.gauge(settings.RUNTIME_CONNSTATE_ACTIVEGAUGE, count("active"));
    stats.gauge(settings.RUNTIME_CONNSTATE_IDLEGAUGE, count("idle"));
  }, settings.RUNTIME_CONNSTATE_REPORTINTERVAL).unref();
  return () => clearInterval(timer);
}
