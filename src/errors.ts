/**
 * What a port may throw. Nothing here knows HTTP: `http/errors.ts` alone maps these to statuses.
 *
 * A message is for the log and may name URLs and keys; callers see a sentence that `http/errors.ts` picks.
 */

export type DependencyName = "storage" | "marker" | "queuer" | "digester" | "grapher";

/** A dependency did not do its part. It may the next time: worth a retry unless `transient` is false. */
export class DependencyError extends Error {
  override name = "DependencyError";
  readonly dependency: DependencyName;
  /** True when the dependency did not answer in time, as opposed to answering wrongly. */
  readonly timedOut: boolean;
  /** False when trying again can't help: wrong credentials, no such bucket or directory. */
  readonly transient: boolean;

  constructor(
    dependency: DependencyName,
    message: string,
    options: ErrorOptions & { timedOut?: boolean; transient?: boolean } = {},
  ) {
    super(message, options);
    this.dependency = dependency;
    this.timedOut = options.timedOut ?? false;
    this.transient = options.transient ?? true;
  }
}

/** The digest, or the flow logs it is made of, can never give a graph: malformed, truncated, too large. Never retried. */
export class CorruptInputError extends Error {
  override name = "CorruptInputError";
}

/** Not now: the queue is full, it is too early, somebody else holds the job, the process is stopping. */
export class RetryLaterError extends Error {
  override name = "RetryLaterError";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
