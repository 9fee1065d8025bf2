import { setMaxListeners } from "node:events";
import { DependencyError, type DependencyName } from "./errors.js";

/** Whom a call waits for, and how long. */
export interface Wait {
  readonly dependency: DependencyName;
  /** What is being done, for the message: `GetObject s3://bucket/key`. */
  readonly doing: string;
  /** Infinity: as long as it takes. */
  readonly ms: number;
}

/** Signals of those who want nothing more once one of their calls is late, with what aborts them. */
const lookers = new WeakMap<AbortSignal, AbortController>();

/** For calls in vain once one of them is late: they share its signal, where others get one each, which takes as long as a small call. */
export function allOrNothing(): AbortController {
  const controller = new AbortController();
  lookers.set(controller.signal, controller);
  return controller;
}

/**
 * Runs a call under `signal` and a deadline, and waits for neither longer than they allow, whatever the call heeds. The
 * signal that the call is given is of no more use once it has ended: what it gave, such as a body, its caller governs.
 *
 * Whatever is late is named: where the signal is a deadline itself (`AbortSignal.timeout`), it is this dependency that was
 * waited for when it passed.
 *
 * @throws DependencyError that timed out; the signal's reason when it aborts for another reason; what the call throws
 */
export async function withDeadline<T>(
  { dependency, doing, ms }: Wait,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = (within: string, cause?: unknown) =>
    new DependencyError(dependency, `${doing}: no answer ${within}`, { cause, timedOut: true });
  const reasonOf = ({ reason }: AbortSignal) => (isTimeout(reason) ? late("in time", reason) : reason);
  if (signal.aborted) throw reasonOf(signal);
  // Not AbortSignal.any, nor more signals than one: each takes as long as a good part of a small call.
  const ended = lookers.get(signal) ?? new AbortController();
  let end: ((reason: unknown) => void) | undefined;
  const follow = () => end?.(reasonOf(signal));
  const timer =
    ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => end?.(late(`within ${ms} ms`)), ms);
  // Any number of calls may run under one signal, each of which takes its listener away again.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", follow, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      end = (reason) => {
        // First: what an abort breaks throws errors of its own; why it was aborted is what counts.
        reject(reason);
        ended.abort(reason);
      };
      call(ended.signal).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", follow);
  }
}

/** The promise's outcome, or the signal's reason when that comes first. The promise goes on. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    // The reason is what whoever aborts chose, as with every other API that takes a signal.
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    if (abort !== undefined) signal.removeEventListener("abort", abort);
  }
}

/** For calls that end by their deadline alone: because nobody could clean up after an interrupted one, or none is there to interrupt. */
export function uninterrupted(): AbortSignal {
  return new AbortController().signal;
}

/** What `AbortSignal.timeout` aborts with. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
