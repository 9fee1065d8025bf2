import { CorruptInputError, DependencyError } from "./errors.js";
import { ScopeError } from "./scope-parts.js";
import { WindowError } from "./window.js";

const MORE = "the log of the service has the details";

/** What is wrong with a window or its scope, which is told to whoever named it. */
export function isBeyond(error: unknown): error is Error & { readonly cause: ScopeError | WindowError } {
  return error instanceof Error && (error.cause instanceof ScopeError || error.cause instanceof WindowError);
}

/**
 * What a failure tells callers: which kind it is and who can mend it, never the detail, which is in the log. "Ask again
 * later" is for what may pass by itself.
 */
export function explain(error: unknown): string {
  if (isBeyond(error)) return error.cause.message;
  if (error instanceof CorruptInputError) {
    return error.tooLarge
      ? "its flow logs are larger than DIGEST_MAX_BYTES allows: ask for a shorter window, or have the limit raised"
      : "its flow logs are malformed or incomplete: ask again when they have been repaired";
  }
  if (!(error instanceof DependencyError)) return `an unexpected failure: ${MORE}`;
  const { dependency, timedOut } = error;
  const logs = dependency === "digester";
  switch (error.obstacle) {
    case "archive":
      return "its flow logs are archived: ask again when they have been restored";
    case "access":
      return `this service has no access to the ${logs ? "flow logs" : dependency}: ${MORE}`;
    case "settings":
      return logs
        ? `this service finds no flow logs where DIGESTER_ENDPOINT points: ${MORE}`
        : `the settings of the ${dependency} are wrong: ${MORE}`;
    case undefined:
    default:
      return `the ${dependency} ${timedOut ? "did not answer in time" : "failed"}; ask again later`;
  }
}
