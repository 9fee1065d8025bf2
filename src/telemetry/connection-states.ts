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
  RUNTIME_CONNSTATE_NEWCOUNTER: name("http.server.connstate.new").describe(
    "name of the counter of connections that were opened",
  ),
  RUNTIME_CONNSTATE_NEWGAUGE: name("http.server.connstate.new.gauge").describe(
    "name of the gauge of connections that had no request yet",
  ),
  RUNTIME_CONNSTATE_ACTIVECOUNTER: name("http.server.connstate.active").describe(
    "name of the counter of connections that started a request",
  ),
  RUNTIME_CONNSTATE_ACTIVEGAUGE: name("http.server.connstate.active.gauge").describe(
    "name of the gauge of connections in the middle of a request",
  ),
  RUNTIME_CONNSTATE_IDLECOUNTER: name("http.server.connstate.idle").describe(
    "name of the counter of connections that finished a request and stay open",
  ),
  RUNTIME_CONNSTATE_IDLEGAUGE: name("http.server.connstate.idle.gauge").describe(
    "name of the gauge of connections between two requests",
  ),
  RUNTIME_CONNSTATE_CLOSEDCOUNTER: name("http.server.connstate.closed").describe(
    "name of the counter of connections that were closed",
  ),
  RUNTIME_CONNSTATE_HIJACKEDCOUNTER: name("http.server.connstate.hijacked").describe(
    "name of the counter of connections that became something other than HTTP",
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
  function answered(this: ServerResponse): void {
    const { socket } = this.req;
    if (socket.destroyed || !states.has(socket)) return;
    states.set(socket, "idle");
    stats.increment(settings.RUNTIME_CONNSTATE_IDLECOUNTER, 1);
  }
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    states.set(socket, "active");
    stats.increment(settings.RUNTIME_CONNSTATE_ACTIVECOUNTER, 1);
    response.on("close", answered);
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
