import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";

const ROUNDS = 5;

/** A whole process. What it prints on stdout is thrown away. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What a contender may tell about itself, as JSON on stderr. */
const Report = z.object({ peakRssBytes: z.number(), loopP99Ms: z.number(), loopMaxMs: z.number() });
type Report = z.infer<typeof Report>;

interface Run {
  readonly ms: number;
  readonly report: Report | undefined;
}

/**
 * Runs the contenders in turn, so that whatever else the machine does hits all of them alike, and prints a table of
 * medians. The last one is the peer that the others are compared with.
 */
export async function compare(title: string, lines: number, contenders: readonly Contender[]): Promise<void> {
  const runs = new Map(contenders.map((contender): [Contender, Run[]] => [contender, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contender, done] of runs) done.push(await run(contender));
  }
  const peer = medianOf(runs.get(contenders.at(-1) ?? throwEmpty()) ?? [], ({ ms }) => ms);
  console.log(`\n${title}: ${lines.toLocaleString("en")} lines, medians of ${ROUNDS}`);
  console.table(
    Object.fromEntries(
      Array.from(runs, ([{ name }, done]) => {
        const ms = medianOf(done, ({ ms }) => ms);
        const reports = done.flatMap(({ report }) => report ?? []);
        return [
          name,
          {
            "M lines/s": round(lines / ms / 1000, 2),
            seconds: round(ms / 1000, 2),
            "times the peer": round(peer / ms, 2),
            ...(reports.length > 0 && {
              "peak RSS, MB": round(medianOf(reports, ({ peakRssBytes }) => peakRssBytes) / 1e6, 0),
              "loop delay p99, ms": round(
                medianOf(reports, ({ loopP99Ms }) => loopP99Ms),
                1,
              ),
              "loop delay max, ms": round(
                medianOf(reports, ({ loopMaxMs }) => loopMaxMs),
                1,
              ),
            }),
          },
        ];
      }),
    ),
  );
}

/** True when a program is installed; otherwise says that it is left out. */
export async function isInstalled(program: string): Promise<boolean> {
  const child = spawn("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) console.log(`${program} is not installed: going on without it`);
  return code === 0;
}

async function run({ name, command: [program, ...args] }: Contender): Promise<Run> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const [[code], stderr] = await Promise.all([once(child, "close"), text(child.stderr)]);
  const ms = performance.now() - start;
  if (code !== 0) throw new Error(`${name} exited with ${code}: ${stderr}`);
  return { ms, report: stderr === "" ? undefined : Report.parse(JSON.parse(stderr)) };
}

function medianOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  const values = items.map(valueOf).toSorted((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function throwEmpty(): never {
  throw new Error("nothing to compare");
}
