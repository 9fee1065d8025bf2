import { once } from "node:events";
import { Server as HttpServer } from "node:http";
import type { Server, Socket } from "node:net";

export interface Listening {
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Stops listening and breaks what is open. */
  close(): Promise<void>;
}

/** Has any server, HTTP and TLS included, listen on a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // What breaks a connection is told by its other end.
    socket.on("error", () => undefined);
  });
  // Who is slow to use a connection again must not find that it has just been closed.
  if (server instanceof HttpServer) server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP server");
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    get open() {
      return open.size;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
