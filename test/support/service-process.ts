import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TimeWindow } from "../../src/window.js";
import { deviation, ownDocument } from "./checked-fetch.js";
import { bound } from "./child.js";
import { DEADLINE_MS } from "./deadline.js";

/** As in the image. */
export const NODE_OPTIONS = ["--max-semi-space-size=2"];
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

const LogEvent = z.looseObject({ level: z.string(), time: z.string(), message: z.string() });
type LogEvent = z.infer<typeof LogEvent>;

/** What an event must hold to be the one: `{ graphId: window.id }`. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * The built service as a process of its own, with no environment but the one that is given. Its answers are held to its
 * OpenAPI document: `stop` and `kill` reject when one was not as described.
 */
export class ServiceProcess {
  /** Everything it has logged so far. */
  readonly events: LogEvent[] = [];
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #stderr: Promise<string>;
  readonly #logged = new EventEmitter().setMaxListeners(0);
  /** Its exit code, or the signal that ended it, when all that it wrote is here. */
  readonly exit: Promise<number | NodeJS.Signals>;
  /** What was wrong with each answer, if anything. */
  readonly #deviations: Promise<string>[] = [];
  #url = "";

  private constructor(env: NodeJS.ProcessEnv, nodeOptions: readonly string[]) {
    this.#child = bound(
      spawn(process.execPath, [...NODE_OPTIONS, ...nodeOptions, MAIN], {
        env: { PORT: "0", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.#stderr = text(this.#child.stderr);
    this.exit = once(this.#child, "close").then(
      ([code, signal]: (number | NodeJS.Signals)[]) => code ?? signal ?? Number.NaN,
    );
    // What follows the last line end, when the process has ended, is a line that it was about to write.
    let begun = "";
    this.#child.stdout
      .setEncoding("utf8")
      .on("data", (chunk: string) => {
        const lines = `${begun}${chunk}`.split("\n");
        begun = lines.pop() ?? "";
        for (const line of lines) this.events.push(LogEvent.parse(JSON.parse(line)));
        this.#logged.emit("change");
      })
      .on("close", () => this.#logged.emit("change"));
  }

  /**
   * Starts it and waits until it listens, on any free port unless `env` says otherwise.
   *
   * @param nodeOptions of Node itself, such as `--import file`
   * @throws with what it said on stderr, when it ends instead
   */
  static async start(env: NodeJS.ProcessEnv, nodeOptions: readonly string[] = []): Promise<ServiceProcess> {
    const service = new ServiceProcess(env, nodeOptions);
    try {
      const { url } = await service.event("listening");
      service.#url = z.url().parse(url);
      return service;
    } catch (error) {
      await service.kill();
      throw new Error(`the service did not start: ${await service.#stderr}`, { cause: error });
    }
  }

  /** What it says, and ends with, in an environment in which it doesn't start. */
  static async refusal(env: NodeJS.ProcessEnv): Promise<{ code: number | NodeJS.Signals; stderr: string }> {
    const service = new ServiceProcess({ RUNTIME_LOGGER_OUTPUT: "NULL", ...env }, []);
    return { code: await service.exit, stderr: await service.stderr };
  }

  /** Without a slash at its end. */
  get url(): string {
    return this.#url;
  }

  /** All that it wrote there, once it has ended. */
  get stderr(): Promise<string> {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Its events of one kind so far. */
  logged(message: string, fields: Fields = {}): LogEvent[] {
    return this.events.filter(
      (event) =>
        event.message === message && Object.entries(fields).every(([name, value]) => event[name] === value),
    );
  }

  /** The first event of the kind, past or to come. Rejects when the process ends without, or after a deadline. */
  async event(message: string, fields: Fields = {}, deadlineMs = DEADLINE_MS): Promise<LogEvent> {
    const deadline = AbortSignal.timeout(deadlineMs);
    for (;;) {
      const [found] = this.logged(message, fields);
      if (found !== undefined) return found;
      const lines = () => this.events.slice(-20).map((event) => JSON.stringify(event));
      const missing = () =>
        `expected ${message} ${JSON.stringify(fields)} in the log, got\n${lines().join("\n")}`;
      if (this.#child.stdout.readableEnded) throw new Error(`the process ended: ${missing()}`);
      await once(this.#logged, "change", { signal: deadline }).catch((cause: unknown) => {
        throw new Error(`${missing()}\nwithin ${deadlineMs} ms`, { cause });
      });
    }
  }

  /** POST /graph for the window. */
  async post(window: TimeWindow, query = ""): Promise<Response> {
    return this.fetch(`${graphPath(window)}${query}`, { method: "POST" });
  }

  async get(window: TimeWindow): Promise<Response> {
    return this.fetch(graphPath(window));
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(`${this.#url}${path}`);
    const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), ...init });
    const { method = "GET" } = init;
    const wrong = deviation(await ownDocument(), method, url.pathname, response.clone()).then(
      (found) => found && `${method} ${path} answered ${response.status}: ${found}`,
      // A body that broke off is its reader's to judge.
      () => "",
    );
    this.#deviations.push(wrong);
    return response;
  }

  async #checkAnswers(): Promise<void> {
    const wrong = (await Promise.all(this.#deviations.splice(0))).filter((found) => found !== "");
    if (wrong.length > 0)
      throw new Error(`answers that the OpenAPI document doesn't describe:\n${wrong.join("\n")}`);
  }

  /** Leaves what it logs in the pipe, which takes a few lines and then no more. */
  pauseReading(): void {
    this.#child.stdout.pause();
  }

  resumeReading(): void {
    this.#child.stdout.resume();
  }

  /** Closes the pipe that its log goes to. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops it in its tracks; the connections stay. */
  pause(): void {
    this.signal("SIGSTOP");
  }

  resume(): void {
    this.signal("SIGCONT");
  }

  /** A graceful stop. Rejects when it takes longer than the deadline or ends with anything but 0. */
  async stop(deadlineMs = DEADLINE_MS): Promise<void> {
    if (this.ended) return this.#checkAnswers();
    this.resume();
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), deadlineMs);
    const ended = await this.exit;
    clearTimeout(timer);
    if (ended !== 0) throw new Error(`the service ended with ${ended}: ${await this.#stderr}`);
    await this.#checkAnswers();
  }

  async kill(): Promise<void> {
    if (!this.ended) {
      this.signal("SIGKILL");
      await this.exit;
    }
    await this.#checkAnswers();
  }

  /**
   * What it holds: file descriptors, sockets included, and resident memory in bytes, now and at most; and the CPU time it has
   * taken. Linux only.
   */
  async resources(): Promise<{ descriptors: number; rss: number; peakRss: number; cpuSeconds: number }> {
    const proc = `/proc/${this.#child.pid}`;
    const status = await readFile(`${proc}/status`, "utf8");
    const bytes = (name: string) =>
      1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
    const [, fields = ""] = (await readFile(`${proc}/stat`, "utf8")).split(") ");
    const [user, system] = fields.split(" ").slice(11, 13);
    return {
      descriptors: (await readdir(`${proc}/fd`)).length,
      rss: bytes("VmRSS"),
      peakRss: bytes("VmHWM"),
      // Linux counts in hundredths, whatever the kernel's own clock is.
      cpuSeconds: (Number(user) + Number(system)) / 100,
    };
  }
}

function graphPath({ start, stop }: TimeWindow): string {
  return `/graph?${new URLSearchParams({ start, stop }).toString()}`;
}
