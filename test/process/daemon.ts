import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface Daemon {
  readonly child: ChildProcess;
  readonly url: string;
  /** Log lines so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

function launch(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit").then(
    ([code, signal]: (number | NodeJS.Signals)[]) => code ?? signal ?? Number.NaN,
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, ended };
}

/** Runs the executable as its users do, in an environment of this alone, until it listens. Killed at the test's end. */
export async function start(env: Record<string, string>): Promise<Daemon> {
  const { child, ended } = launch({ PORT: "0", ...env });
  const log: Record<string, unknown>[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout })
      .on("line", (line) => {
        const event: Record<string, unknown> = JSON.parse(line);
        log.push(event);
        if (event["message"] === "listening") resolve(String(event["url"]));
      })
      .on("close", () => reject(new Error(`it ended before it listened: ${JSON.stringify(log)}`)));
  });
  return { child, url, log, ended };
}

/** Runs the executable in an environment in which it doesn't start. */
export async function fail(env: Record<string, string>): Promise<{ code: unknown; stderr: string }> {
  const { child, ended } = launch({ PORT: "0", RUNTIME_LOGGER_OUTPUT: "NULL", ...env });
  const stderr = await text(child.stderr);
  return { code: await ended, stderr };
}
