export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
  readonly errors?: readonly SerializedError[];
}

const MAX_DEPTH = 8;
const MAX_ERRORS = 8;
const MAX_CHARACTERS = 4096;

/**
 * An error as it is logged, with its causes. Only these fields: client libraries hang requests, headers and bodies on
 * their errors, which may hold credentials.
 */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: shorten(String(error)) };
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const deeper = depth < MAX_DEPTH;
  return {
    type: name,
    message: shorten(message),
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack: shorten(stack) }),
    ...(cause !== undefined && deeper && { cause: serializeError(cause, depth + 1) }),
    ...(error instanceof AggregateError &&
      deeper && { errors: error.errors.slice(0, MAX_ERRORS).map((each) => serializeError(each, depth + 1)) }),
  };
}

function shorten(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
