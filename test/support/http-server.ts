import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Fault } from "./faults.js";
import { listen, type Listening } from "./listen.js";

export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** When it was whole, on the clock of `performance.now()`. */
  readonly at: number;
}

type Answer = (request: ReceivedRequest, response: ServerResponse) => void;

/** A real HTTP server that remembers what it was asked, and misbehaves when told to. */
export class HttpServer {
  /** All requests so far, in order. */
  readonly requests: ReceivedRequest[] = [];
  /** What the next requests get instead of an answer, one each. */
  readonly faults: Fault[] = [];
  /** What every request gets instead of an answer, when none of `faults` is left. */
  down: Fault | undefined;
  readonly url: URL;
  readonly listening: Listening;

  private constructor(listening: Listening) {
    this.listening = listening;
    this.url = new URL(`http://127.0.0.1:${listening.port}/`);
  }

  static async start(answer: Answer): Promise<HttpServer> {
    const server = createServer();
    const started = new HttpServer(await listen(server));
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      // Whoever breaks off a request has no use for an answer.
      started.#receive(answer, message, response).catch(() => response.destroy());
    });
    return started;
  }

  async close(): Promise<void> {
    await this.listening.close();
  }

  async #receive(answer: Answer, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(message);
    const request: ReceivedRequest = {
      method: message.method ?? "",
      url: new URL(message.url ?? "/", this.url),
      headers: message.headers,
      body,
      at: performance.now(),
    };
    this.requests.push(request);
    const fault = this.faults.shift() ?? this.down;
    if (fault === undefined) answer(request, response);
    else fault(response);
  }
}
