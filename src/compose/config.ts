import { z } from "zod";
import { deliverSettings } from "../deliver/index.js";
import { digesterRules, digesterSettings } from "../digester/index.js";
import { accessSettings } from "../http/auth.js";
import { hostSettings } from "../http/hosts.js";
import { limitSettings } from "../http/limits.js";
import { httpSettings } from "../http/settings.js";
import { markerRules, markerSettings } from "../marker/index.js";
import { queuerRules, queuerSettings } from "../queuer/index.js";
import { secretsOf, withoutSecrets } from "../redact.js";
import { serviceRules, serviceSettings } from "../service-settings.js";
import { isSecret } from "../settings.js";
import { signalSettings } from "../signals.js";
import { storageRules, storageSettings } from "../storage/index.js";
import { connectionStateSettings } from "../telemetry/connection-states.js";
import { statsSettings } from "../telemetry/stats-output.js";
import { logSettings } from "../telemetry/log.js";
import { webhookRules, webhookSettings } from "../webhook.js";
import { unknownVariables } from "./unknown-variables.js";

/** The settings of each module, so that those of a module that somebody brings along aren't read at all. */
const moduleSettings = {
  storage: storageSettings,
  marker: markerSettings,
  queuer: queuerSettings,
  digester: digesterSettings,
};
export type ModuleName = keyof typeof moduleSettings;
export const MODULE_NAMES = [
  "storage",
  "marker",
  "queuer",
  "digester",
] as const satisfies readonly ModuleName[];

export const settings = {
  ...httpSettings,
  ...limitSettings,
  ...hostSettings,
  ...accessSettings,
  ...serviceSettings,
  ...webhookSettings,
  ...storageSettings,
  ...markerSettings,
  ...digesterSettings,
  ...queuerSettings,
  ...deliverSettings,
  ...logSettings,
  ...signalSettings,
  ...statsSettings,
  ...connectionStateSettings,
};
const secretNames = new Set(
  Object.entries(settings)
    .filter(([, setting]) => isSecret(setting))
    .map(([name]) => name),
);
/** Rules across them, each once. */
const rules = new Set([
  ...serviceRules,
  ...webhookRules,
  ...storageRules,
  ...markerRules,
  ...queuerRules,
  ...digesterRules,
]);
const schema = z.object(settings);
export type Config = z.infer<typeof schema>;

/** The environment can't be used as it is. The message lists every fault, for whoever set it. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the environment has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n  ${faults.join("\n  ")}`,
    );
    this.faults = faults;
  }
}

/** The values that must never be seen in a log. */
export function secretsIn(env: NodeJS.ProcessEnv = process.env): string[] {
  return secretsOf(settings, env);
}

function fault({ path, message }: z.core.$ZodIssue, env: NodeJS.ProcessEnv): string {
  const name = String(path[0]);
  const value = env[name] ?? "";
  return secretNames.has(name)
    ? `${name}: ${message}`
    : `${name}: ${message}, got ${JSON.stringify(withoutSecrets(value).slice(0, 100))}`;
}

/**
 * Reads the environment once. An empty variable counts as unset: that is how Docker's env files write it.
 *
 * @param given modules that the built-in ones aren't needed for
 * @throws ConfigError
 */
export function loadConfig(
  env: NodeJS.ProcessEnv = process.env,
  given: ReadonlySet<ModuleName> = new Set(),
): Config {
  const needed = MODULE_NAMES.filter((name) => !given.has(name)).map((name) => moduleSettings[name]);
  const unneeded = [...given]
    .flatMap((name) => Object.keys(moduleSettings[name]))
    .filter((variable) => !needed.some((group) => variable in group));
  const unread = new Set(unneeded);
  const set = Object.entries(env).filter(([name, value]) => value !== "" && !unread.has(name));
  const result = schema.safeParse(Object.fromEntries(set));
  const faults = result.error?.issues.map((issue) => fault(issue, env)) ?? [];
  faults.push(...unknownVariables(env, Object.keys(settings)).faults);
  for (const { variables, expected, holds } of rules) {
    if (variables.some((name) => unread.has(name)) || holds(Object.fromEntries(set))) continue;
    faults.push(`${variables.join(", ")}: expected ${expected}`);
  }
  if (!result.success || faults.length > 0) throw new ConfigError(faults);
  return result.data;
}

/** Something about variables that whoever set them should know, though the service starts. */
export interface ConfigWarning {
  readonly event: "variables-ignored" | "variable-adjusted";
  readonly variables: readonly string[];
  readonly reason: string;
}

export function configWarnings(config: Config, env: NodeJS.ProcessEnv = process.env): ConfigWarning[] {
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of unknownVariables(env, Object.keys(settings)).ignored) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  }
  const ignored = [...byReason].map(([reason, variables]) => ({
    event: "variables-ignored" as const,
    variables,
    reason,
  }));
  const adjusted = Object.entries(config).flatMap(([name, used]) => {
    const given = Number(env[name] || Number.NaN);
    // -1, for ever, is a word rather than a number.
    const same = typeof used !== "number" || used === Number.POSITIVE_INFINITY || used === given;
    if (same || !Number.isInteger(given)) return [];
    const reason = `${given} is too small: the service uses ${used}`;
    return [{ event: "variable-adjusted" as const, variables: [name], reason }];
  });
  return [...ignored, ...adjusted];
}
