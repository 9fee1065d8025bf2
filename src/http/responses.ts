import { z } from "zod";
import { ErrorBody } from "./errors.js";

/** Headers of answers, for the OpenAPI description. */
const HEADERS = {
  "Retry-After": { type: "integer", description: "Seconds to wait before asking again" },
  Location: { type: "string", description: "Where the graph will be" },
  "Preference-Applied": { type: "string", description: "`respond-async`" },
} as const;
type HeaderName = keyof typeof HEADERS;

function documented(description: string, names: readonly HeaderName[]) {
  const headers = Object.fromEntries(names.map((name) => [name, HEADERS[name]]));
  return names.length === 0 ? { description } : { description, headers };
}

/** An answer without a body. */
export function empty(description: string, ...headers: HeaderName[]) {
  return z.undefined().meta(documented(description, headers));
}

/** An answer that says what went wrong. */
export function failure(description: string, ...headers: HeaderName[]) {
  return ErrorBody.meta(documented(description, headers));
}

/** What every route may answer. */
export const anyFailure = {
  401: failure("The token is missing or wrong"),
  default: failure("Another failure"),
};
