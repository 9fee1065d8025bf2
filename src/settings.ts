import { z } from "zod";

/**
 * The vocabulary in which modules declare their settings. Each is a zod schema from the text of an environment
 * variable to a value. Defaults are given by `.prefault()`, as text: what a user would write.
 */

/**
 * A setting whose value nobody may see: it is masked wherever it turns up in the log, in messages and on stderr, as a
 * whole and each item of a list. What URLs carry along is found in every setting without it.
 */
export function secret<Setting extends z.ZodType>(setting: Setting): Setting {
  return setting.meta({ secret: true });
}

export function isSecret(setting: z.ZodType): boolean {
  return setting.meta()?.["secret"] === true;
}

const UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** What Node's timers can count, 24.8 days: beyond that they fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Go's notation for durations: `5s`, `1m30s`, `250ms`, `1.5h`. Milliseconds. */
export const duration = z.string().transform((text, context) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (text === "0") return 0;
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    context.addIssue('expected a duration such as "5s", "1m30s" or "250ms"');
    return z.NEVER;
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? Number.NaN), 0);
});

/** How often something is done: a duration that Node's timers can wait for. */
export const interval = duration.refine(
  (ms) => ms >= 1 && ms <= MAX_TIMER_MS,
  'expected from "1ms" to "596h"',
);

function wholeNumber(text: string): number {
  return /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

function expectedWithin(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER
    ? `expected a whole number of at least ${min}`
    : `expected a whole number from ${min} to ${max}`;
}

/** A whole number within bounds, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.string().transform((text, context) => {
    const value = wholeNumber(text);
    if (value >= min && value <= max) return value;
    context.addIssue(expectedWithin(min, max));
    return z.NEVER;
  });
}

/** A whole number that may be written too small, as the Go service took it: it then counts as the least. */
export function atLeast(min: number, max: number) {
  return z.string().transform((text, context) => {
    const value = wholeNumber(text);
    if (value <= max) return Math.max(value, min);
    context.addIssue(expectedWithin(min, max));
    return z.NEVER;
  });
}

/** `true` or `false`, as Go's ParseBool reads them. */
export const boolean = z.string().transform((text, context) => {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  context.addIssue('expected "true" or "false"');
  return z.NEVER;
});

/** A duration that a timer counts, in whole hours at most. */
export const timerDuration = duration.refine((ms) => ms <= 596 * 3_600_000, 'expected at most "596h"');
