import { constants } from "node:os";
import { z } from "zod";

/** The kernel lets nobody handle these. */
const UNCATCHABLE = new Set<string>(["SIGKILL", "SIGSTOP"]);

function isSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}

/** The name that Node knows a signal by, when it can be handled. */
function nameOf(number: number): NodeJS.Signals | undefined {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name !== undefined && isSignal(name) && !UNCATCHABLE.has(name) ? name : undefined;
}

/** Signal numbers separated by spaces. */
const signals = z.string().transform((text, context): NodeJS.Signals[] => {
  const numbers = text.trim().split(/\s+/);
  const names = numbers.map((number) => nameOf(Number(number))).filter((name) => name !== undefined);
  if (names.length === numbers.length) return [...new Set(names)];
  context.addIssue('expected numbers of signals that can be handled, such as "15 2"');
  return z.NEVER;
});

export const signalSettings = {
  RUNTIME_SIGNALS_INSTALLED: z
    .enum(["OS"], 'expected "OS"')
    .default("OS")
    .describe("kind of signals that start a graceful stop; `OS` is the only one"),
  RUNTIME_SIGNALS_OS_SIGNALS: signals
    .prefault("15 2")
    .describe("numbers of the signals that start a graceful stop. A second signal ends the process at once"),
};
