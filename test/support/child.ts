import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Another process that runs one of our scripts and talks by messages. It inherits nothing but its arguments. */
export function forkScript(script: URL, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(script), args, { execArgv: ["--import", "tsx"] });
}

/** The next message of a child; rejects when it ends instead, or the signal aborts. */
export async function message(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  const over = new AbortController();
  try {
    const both = AbortSignal.any([signal, over.signal]);
    const ended = once(child, "exit", { signal: both }).then(([code, by]) => {
      throw new Error(`expected a message of the child, but it ended: ${String(code ?? by)}`);
    });
    const [said] = (await Promise.race([once(child, "message", { signal: both }), ended])) as unknown[];
    return said;
  } finally {
    over.abort();
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
