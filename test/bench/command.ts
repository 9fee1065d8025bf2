import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { bundle } from "../support/bundle.js";
import { bound } from "../support/child.js";
import type { Contender, Measures } from "./compare.js";

const TICKS_PER_SECOND = 100;
const LOOK_MS = 20;

/** A whole process, from its start to its end, with its children. What it prints on stdout is thrown away. */
export function command(
  name: string,
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
): Contender {
  return { name, measure: () => run(name, program, args, env) };
}

/** A script: ours as it is `bundled`, which `bundleScripts` does before, or one that is run as it is, by `pathOf`. */
export function script(
  name: string,
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Contender {
  return command(name, [process.execPath, path, ...args], env);
}

/** Those beside this file that run our code. */
export async function bundleScripts(): Promise<void> {
  for (const name of ["digest", "convert", "read-edges"]) {
    await bundle(new URL(`${name}.ts`, import.meta.url));
  }
}

export function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

async function run(
  name: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Measures> {
  const cpu = endedChildrenSeconds();
  const start = performance.now();
  const child = bound(
    spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] }),
  );
  const peaks = new Map<number, number>();
  const looking = setInterval(() => lookAt(child.pid, peaks), LOOK_MS);
  try {
    const [[code], stderr] = await Promise.all([once(child, "close"), text(child.stderr)]);
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0) throw new Error(`${name} exited with ${code}: ${stderr}`);
    const peak = [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { "wall s": seconds, "CPU s": endedChildrenSeconds() - cpu, "peak MB": peak / 1e6 };
  } finally {
    clearInterval(looking);
  }
}

/** User and system time of the children that have ended, and theirs. */
function endedChildrenSeconds(): number {
  const [, fields = ""] = readFileSync("/proc/self/stat", "latin1").split(") ");
  const [user, system] = fields.split(" ").slice(13, 15);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/**
 * Notes the most that a process and its children have ever held, in bytes. The kernel's own account at the end would begin with
 * what this process held when it started them.
 */
function lookAt(pid: number | undefined, peaks: Map<number, number>): void {
  if (pid === undefined) return;
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kilobytes !== undefined) peaks.set(pid, 1024 * Number(kilobytes));
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    for (const child of children.split(" ").filter(Boolean)) lookAt(Number(child), peaks);
  } catch {
    // It has just ended.
  }
}
