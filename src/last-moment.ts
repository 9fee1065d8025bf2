import { setTimeout as delay } from "node:timers/promises";

/**
 * To be awaited right before the step that makes something visible to others. After a pause of the whole process (SIGSTOP, a
 * suspended machine) the renewal of its claims is overdue: due timers run before this returns, and a claim that was not
 * renewed in time aborts the signal. So what was paused stores nothing over its successor's work.
 *
 * @throws the signal's reason
 */
export async function lastMoment(signal: AbortSignal): Promise<void> {
  await delay(1);
  signal.throwIfAborted();
}
