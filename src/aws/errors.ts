import { DependencyError, type DependencyName, type Obstacle } from "../errors.js";
import { CredentialsError } from "./credentials.js";

/** What a message needs to say which call of AWS went wrong. */
export interface AwsCall {
  readonly dependency: DependencyName;
  /** `PutObject s3://bucket/key`. */
  readonly action: string;
  /** Where the credentials come from. */
  readonly source: string;
}

/** What an operator can do about it, when trying again can't help. */
export interface Advice {
  readonly advice: string;
  readonly obstacle: Obstacle;
}

export const settings = (advice: string): Advice => ({ advice, obstacle: "settings" });
export const access = (advice: string): Advice => ({ advice, obstacle: "access" });

/**
 * The port's error for whatever the SDK threw.
 *
 * @param lasting of the service that was called: what can't pass by itself
 */
export function awsError(
  error: unknown,
  { dependency, action, source }: AwsCall,
  lasting: (error: Error) => Advice | undefined,
): DependencyError {
  if (error instanceof DependencyError) return error;
  if (!(error instanceof Error)) return new DependencyError(dependency, action, { cause: error });
  const lasts = error instanceof CredentialsError ? access(error.message) : lasting(error);
  if (lasts !== undefined) {
    const { advice, obstacle } = lasts;
    return new DependencyError(dependency, `${action}: ${advice}`, { cause: error, obstacle });
  }
  if (error.name === "CredentialsProviderError") {
    // Not lasting: the metadata service that an instance role comes from may be slow for a while.
    return new DependencyError(dependency, `${action}: no credentials from ${source}: ${error.message}`, {
      cause: error,
    });
  }
  // The SDK gives this name to connections that broke, too.
  const broke = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
  const late = error.name === "TimeoutError" && !broke;
  const what = late ? "no answer in time" : `${broke ? String(error.code) : error.name}: ${error.message}`;
  return new DependencyError(dependency, `${action}: ${what}`, { cause: error, timedOut: late });
}
