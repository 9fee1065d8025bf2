/**
 * What a port may throw. Nothing here knows HTTP: `http/errors.ts` alone maps these to statuses.
 *
 * A message is for the log and may name URLs and keys; callers see a sentence that `http/errors.ts` picks.
 */

export type DependencyName = "storage" | "marker" | "queuer" | "digester" | "grapher" | "webhook";

/**
 * What keeps a dependency from doing its part until somebody mends it: settings that lead nowhere, access that isn't
 * granted, flow logs that have to be restored from an archive first.
 */
export type Obstacle = "settings" | "access" | "archive";

/** A dependency did not do its part. It may the next time: worth a retry unless `transient` is false. */
export class DependencyError extends Error {
  override name = "DependencyError";
  readonly dependency: DependencyName;
  /** True when the dependency did not answer in time, as opposed to answering wrongly. */
  readonly timedOut: boolean;
  /** Undefined when it may pass by itself. */
  readonly obstacle: Obstacle | undefined;
  /** False when trying again can't help: wrong credentials, no such bucket or directory. */
  readonly transient: boolean;

  /** @param options `transient: false` alone means that the settings are to blame */
  constructor(
    dependency: DependencyName,
    message: string,
    options: ErrorOptions & { timedOut?: boolean; transient?: boolean; obstacle?: Obstacle | undefined } = {},
  ) {
    super(message, options);
    this.dependency = dependency;
    this.timedOut = options.timedOut ?? false;
    this.obstacle = options.obstacle ?? (options.transient === false ? "settings" : undefined);
    this.transient = this.obstacle === undefined;
  }
}

/** What a graph was to replace isn't there any more: somebody else stored one since. Another attempt begins from that. */
export class SupersededError extends DependencyError {
  override name = "SupersededError";

  constructor(message: string, options?: ErrorOptions) {
    super("storage", message, options);
  }
}

/** The digest, or the flow logs it is made of, can never give a graph: malformed, truncated, too large. Never retried. */
export class CorruptInputError extends Error {
  override name = "CorruptInputError";
  /** There is more of it than `DIGEST_MAX_BYTES` allows. */
  readonly tooLarge: boolean;

  constructor(message: string, options: ErrorOptions & { tooLarge?: boolean } = {}) {
    super(message, options);
    this.tooLarge = options.tooLarge ?? false;
  }
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

/** What a thing that was thrown says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
