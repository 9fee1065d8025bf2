import type { S3Request } from "./request.js";

/** What may go wrong with a request. "Applied" means that the store did it all the same. */
export type Fault =
  /** Answers with an S3 error and applies nothing: 503 SlowDown, 409 ConditionalRequestConflict, 403 AccessDenied. */
  | { readonly kind: "error"; readonly status: number; readonly code: string }
  /** Answers a 200 with an error in its body, as CompleteMultipartUpload may. Applies nothing. */
  | { readonly kind: "error-in-200"; readonly code: string }
  /** Applied, and then the connection is reset without an answer. */
  | { readonly kind: "lose-answer" }
  /** Resets the connection without applying anything. */
  | { readonly kind: "reset" }
  /** Reads the request, applies nothing and never answers. */
  | { readonly kind: "hang" }
  /** Applied after so many milliseconds. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Applied when the test says so. */
  | { readonly kind: "hold"; readonly until: Promise<void> }
  /** Sends so many bytes of the body under the full Content-Length, then resets. */
  | { readonly kind: "cut-body"; readonly afterBytes: number }
  /** Sends so many bytes of the body, then nothing more. */
  | { readonly kind: "stall-body"; readonly afterBytes: number };

export interface FaultRule {
  readonly fault: Fault;
  /** Which requests it meets; without it, all. */
  readonly when?: (request: S3Request) => boolean;
  /** How many of them; without it, all. */
  readonly times?: number;
}

/** The switches of the server: each request meets the first rule that wants it. */
export class Faults {
  #rules: { rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules = [];
  }

  take(request: S3Request): Fault | undefined {
    const found = this.#rules.find(({ rule, left }) => left > 0 && (rule.when?.(request) ?? true));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.rule.fault;
  }
}

/** Answers every nth matching request with 503 SlowDown. */
export function slowDownEvery(n: number): FaultRule {
  let count = 0;
  return { fault: { kind: "error", status: 503, code: "SlowDown" }, when: () => ++count % n === 0 };
}
