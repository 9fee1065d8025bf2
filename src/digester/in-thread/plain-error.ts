import { CorruptInputError, DependencyError, type DependencyName, type Obstacle } from "../../errors.js";
import { ScopeError } from "../../scope-parts.js";

/** An error as plain data, with its causes. A message of a port keeps nothing of our errors but their texts. */
export type PlainError = Text &
  (
    | { readonly type: "corrupt"; readonly tooLarge: boolean }
    | {
        readonly type: "dependency";
        readonly dependency: DependencyName;
        readonly timedOut: boolean;
        readonly obstacle: Obstacle | undefined;
      }
    | { readonly type: "scope" | "other" }
  );

interface Text {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: PlainError | undefined;
  /** Of an AggregateError. */
  readonly errors: readonly PlainError[] | undefined;
}

export function toPlainError(thrown: unknown): PlainError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const text: Text = {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
    cause: error.cause === undefined ? undefined : toPlainError(error.cause),
    errors: error instanceof AggregateError ? error.errors.map(toPlainError) : undefined,
  };
  if (error instanceof CorruptInputError) return { ...text, type: "corrupt", tooLarge: error.tooLarge };
  if (error instanceof DependencyError) {
    const { dependency, timedOut, obstacle } = error;
    return { ...text, type: "dependency", dependency, timedOut, obstacle };
  }
  return { ...text, type: error instanceof ScopeError ? "scope" : "other" };
}

export function fromPlainError(plain: PlainError): Error {
  const error = newError(plain);
  const { name, stack, code } = plain;
  return Object.assign(error, {
    name,
    ...(stack !== undefined && { stack }),
    ...(code !== undefined && { code }),
  });
}

function newError(plain: PlainError): Error {
  const { message } = plain;
  const cause = plain.cause && fromPlainError(plain.cause);
  const options = cause && { cause };
  if (plain.type === "corrupt") {
    return new CorruptInputError(message, { ...options, tooLarge: plain.tooLarge });
  }
  if (plain.type === "dependency") {
    const { dependency, timedOut, obstacle } = plain;
    return new DependencyError(dependency, message, { ...options, timedOut, obstacle });
  }
  if (plain.type === "scope") return new ScopeError(message, options);
  if (plain.errors === undefined) return new Error(message, options);
  return new AggregateError(plain.errors.map(fromPlainError), message, options);
}
