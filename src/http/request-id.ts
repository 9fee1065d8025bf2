import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What may name a request: nothing in it can break a log line or a header. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header: version, trace-id, parent-id, flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** The name by which the caller knows the request: `X-Request-Id`, else the trace-id of `traceparent`, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const { "x-request-id": given, traceparent } = headers;
  if (typeof given === "string" && REQUEST_ID.test(given)) return given;
  const [, traceId] = TRACEPARENT.exec(typeof traceparent === "string" ? traceparent : "") ?? [];
  return traceId ?? randomUUID();
}
