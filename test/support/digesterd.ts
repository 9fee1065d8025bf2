import type { ServerResponse } from "node:http";
import { HttpServer } from "./http-server.js";

export interface Digesterd {
  readonly server: HttpServer;
  /** The digest of every window. */
  body: string | Buffer;
  /** How many polls get 204 before a digest is there. */
  polls: number;
  /** Has it know no window, as after its own restart without its store. */
  forget(): void;
  /** Sends a digest: `body`, unless it is replaced by something slower, or worse. */
  send: (url: URL, response: ServerResponse) => void;
}

/** A vpcflow-digesterd: POST asks for a digest (202, then 409), GET gives 204 until it is there. */
export async function startDigesterd(body: string | Buffer): Promise<Digesterd> {
  const polled = new Map<string, number>();
  const server = await HttpServer.start(({ method, url }, response) => {
    const polls = polled.get(url.search);
    if (method === "POST") {
      if (polls === undefined) polled.set(url.search, 0);
      response.writeHead(polls === undefined ? 202 : 409).end();
    } else if (method !== "GET" || polls === undefined) {
      response.writeHead(method === "GET" ? 404 : 405).end();
    } else if (polls < digesterd.polls) {
      polled.set(url.search, polls + 1);
      response.writeHead(204).end();
    } else {
      digesterd.send(url, response);
    }
  });
  const digesterd: Digesterd = {
    server,
    body,
    polls: 1,
    forget: () => polled.clear(),
    send: (_url, response) =>
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(digesterd.body),
  };
  return digesterd;
}
