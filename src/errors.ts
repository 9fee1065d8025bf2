/**
 * The errors that a port can throw. Nothing here knows HTTP: only `http/errors.ts` maps them to statuses.
 *
 * A message is for the log and can name URLs and keys. Callers see a sentence that `http/errors.ts` chooses.
 */

export type DependencyName = "storage" | "marker" | "queuer" | "digester" | "grapher" | "webhook";

/**
 * Why a dependency can't do its work until somebody repairs something: wrong settings, missing access, or flow logs that must be
 * restored from an archive first.
 */
export type Obstacle = "settings" | "access" | "archive";

/** A dependency failed. The next attempt may succeed, unless `transient` is false. */
export class DependencyError extends Error {
  override name = "DependencyError";
  readonly dependency: DependencyName;
  /** True if the dependency did not answer in time; false if it gave a wrong answer. */
  readonly timedOut: boolean;
  /** Undefined if the failure may go away by itself. */
  readonly obstacle: Obstacle | undefined;
  /** False if another attempt can't help: wrong credentials, no such bucket or directory. */
  readonly transient: boolean;

  /** @param options `transient: false` without an `obstacle` means that the settings are wrong */
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

/** Somebody else has stored this graph since the attempt, or the reading, began. The next attempt starts from the new graph. */
export class SupersededError extends DependencyError {
  override name = "SupersededError";

  constructor(message: string, options?: ErrorOptions) {
    super("storage", message, options);
  }
}

/**
 * The digest or its flow logs can never become a graph: they are malformed, cut off, too large, or beyond what this process may
 * read. Never retried.
 */
export class CorruptInputError extends Error {
  override name = "CorruptInputError";
  /** It is larger than `DIGEST_MAX_BYTES` allows. */
  readonly tooLarge: boolean;

  constructor(message: string, options: ErrorOptions & { tooLarge?: boolean } = {}) {
    super(message, options);
    this.tooLarge = options.tooLarge ?? false;
  }
}

/** Not now: the queue is full, it is too early, another worker has the job, or the process is stopping. */
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

/** Why work is aborted that somebody else goes on with: what it began elsewhere is left for them to find. */
export class HandedOverError extends Error {
  override name = "HandedOverError";
}
