import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const running = new Set<ChildProcess>();
let over = false;

/** Has a child end when this process does at the latest, or with `endChildren`. */
export function bound<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once("close", () => running.delete(child));
  if (over) child.kill("SIGKILL");
  return child;
}

export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Ends every child there is, and until `allowChildren` those that a test begins that goes on though nobody waits for it any more. */
export async function endChildren(): Promise<void> {
  over = true;
  await Promise.all([...running].map(kill));
}

/** Files of tests come one after another in a process. */
export function allowChildren(): void {
  over = false;
}

process.once("exit", killChildren);

/** Another process that runs one of our scripts and talks by messages. It inherits nothing but its arguments. */
export function forkScript(script: URL, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(script);
  return bound(fork(path, args, { execArgv: path.endsWith(".ts") ? ["--import", "tsx"] : [] }));
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
