/**
 * Runs a call under `signal` and a deadline: after `ms` its signal aborts with `late()` as the reason. A deadline that
 * was met is off for good, so that what the call gave, such as a body, is governed by `signal` alone.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  late: () => Error,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return call(signal);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(late()), ms);
  try {
    return await call(AbortSignal.any([signal, deadline.signal]));
  } finally {
    clearTimeout(timer);
  }
}
