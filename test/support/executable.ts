import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** One line of the log. */
const LogEvent = z.looseObject({ level: z.string(), time: z.iso.datetime(), message: z.string() });
export type LogEvent = z.infer<typeof LogEvent>;

/** The real executable as a process of its own, which knows no environment but what it is given. */
export class Executable {
  readonly child: ChildProcess;
  /** What it wrote so far, each line as it came. */
  readonly stdout: string[] = [];
  stderr = "";
  #url: URL | undefined;

  private constructor(env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, ["--import", "tsx", MAIN], {
      env: { PATH: process.env["PATH"], PORT: "0", RUNTIME_STATS_OUTPUT: "NULLSTAT", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on("line", (line) => this.stdout.push(line));
    }
  }

  /** Resolves when it listens. */
  static async start(env: Readonly<Record<string, string>>): Promise<Executable> {
    const started = new Executable(env);
    const { url } = await started.event(({ message }) => message === "listening");
    started.#url = new URL(String(url));
    return started;
  }

  get url(): URL {
    if (this.#url === undefined) throw new Error("it listens nowhere");
    return this.#url;
  }

  /** Every event so far. Throws when a line isn't one. */
  get events(): LogEvent[] {
    return this.stdout.map((line) => LogEvent.parse(JSON.parse(line)));
  }

  /** The first event, past or to come, that is as wanted. */
  async event(wanted: (event: LogEvent) => boolean, ms = 10_000): Promise<LogEvent> {
    const deadline = AbortSignal.timeout(ms);
    for (;;) {
      const found = this.events.find((each) => wanted(each));
      if (found !== undefined) return found;
      if (this.child.exitCode !== null)
        throw new Error(`it ended with ${this.child.exitCode}: ${this.stderr}`);
      if (deadline.aborted) throw new Error(`no such event among\n${this.stdout.join("\n")}\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Ends it by a signal; its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, "close");
      this.child.kill(signal);
      await closed;
    }
    return this.child.exitCode;
  }
}
