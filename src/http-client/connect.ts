import { Socket } from "node:net";
import type { buildConnector } from "undici";
import { undici } from "./undici.js";

/**
 * undici's connector, with a deadline from the look-up of the name to the end of the TLS handshake.
 *
 * Its own `timeout` counts in ticks of half a second, so that one of 1000 ms ends after 1500.
 */
export function connectWithin(ms: number): buildConnector.connector {
  const { buildConnector, errors } = undici();
  const connect = buildConnector({ timeout: 0 });
  return (options, callback) => {
    // The types don't say that it returns the socket while it connects.
    const socket: unknown = connect(options, (...result) => {
      clearTimeout(timer);
      callback(...result);
    });
    const timer = setTimeout(() => {
      const address = `${options.hostname}:${options.port}`;
      const error = new errors.ConnectTimeoutError(`no connection to ${address} within ${ms} ms`);
      // Its error event is what calls back.
      if (socket instanceof Socket) socket.destroy(error);
      else callback(error, null);
    }, ms);
  };
}
