import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** What a server does to one request instead of answering it. */
export type Fault = (response: ServerResponse) => void;

/** Answers this, whatever was asked. */
export function status(code: number, body: string | Buffer = "", headers: OutgoingHttpHeaders = {}): Fault {
  return (response) => response.writeHead(code, headers).end(body);
}

/** Answers 500, and tells when that has arrived and the next attempt, which follows 50 ms later, has not begun. */
export function betweenAttempts(tell: () => void): Fault {
  return (response) => {
    response.once("finish", () => setTimeout(tell, 20));
    response.writeHead(500).end();
  };
}

/** Never answers. */
export const hang: Fault = () => undefined;

/** Sends a head that promises a body, and nothing more. */
export function hangAfterHeaders(code = 200): Fault {
  return (response) => response.writeHead(code, { "content-length": 1000 }).flushHeaders();
}

/** Breaks the connection off before a byte of the answer. */
export const reset: Fault = (response) => response.socket?.resetAndDestroy();

/**
 * Sends the first half of a body, then breaks off: in the middle of a known length, of a chunked body, or of one
 * on a connection that closes after it anyway.
 */
export function cut(body: Buffer, framing: "length" | "chunked" | "chunked, close"): Fault {
  return (response) => {
    response.writeHead(200, {
      ...(framing === "length" && { "content-length": body.length }),
      ...(framing === "chunked, close" && { connection: "close" }),
    });
    // Half a body that is on its way is followed by an orderly end of the connection, which is harder to notice.
    response.write(body.subarray(0, body.length / 2), () => response.socket?.end());
  };
}
