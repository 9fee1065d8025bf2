import { z } from "zod";
import { digesterSettings } from "./digester/index.js";
import { accessSettings } from "./http/auth.js";
import { limitSettings } from "./http/limits.js";
import { httpSettings } from "./http/settings.js";
import { markerSettings } from "./marker/index.js";
import { queuerSettings } from "./queuer/index.js";
import { serviceSettings } from "./service-settings.js";
import { signalSettings } from "./signals.js";
import { storageSettings } from "./storage/index.js";
import { connectionStateSettings } from "./telemetry/connection-states.js";
import { statsSettings } from "./telemetry/dogstatsd.js";
import { logSettings } from "./telemetry/log.js";

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
  ...accessSettings,
  ...serviceSettings,
  ...storageSettings,
  ...markerSettings,
  ...digesterSettings,
  ...queuerSettings,
  ...logSettings,
  ...signalSettings,
  ...statsSettings,
  ...connectionStateSettings,
};
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

const SECRET = /SECRET|TOKEN|ACCESS_KEY/;

const OWN_SECRETS = [
  "API_TOKENS",
  "PRODUCE_TOKENS",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** The values that must never be seen in a log. */
export function secretsOf(env: NodeJS.ProcessEnv): string[] {
  const values = OWN_SECRETS.map((name) => env[name] ?? "");
  // Some are lists.
  return [...values, ...values.flatMap((value) => value.split(/\s*,\s*/))];
}

function withoutPassword(url: string): string {
  return url.replace(/(?<=:\/\/)[^\s/@]+(?=@)/, "***");
}

function fault({ path, message }: z.core.$ZodIssue, env: NodeJS.ProcessEnv): string {
  const name = String(path[0]);
  const value = env[name] ?? "";
  return SECRET.test(name)
    ? `${name}: ${message}`
    : `${name}: ${message}, got ${JSON.stringify(withoutPassword(value).slice(0, 100))}`;
}

/**
 * Reads the environment once. An empty variable counts as unset: that is how Docker's env files write it.
 *
 * @param given modules that the built-in ones aren't needed for
 * @throws ConfigError
 */
export function loadConfig(env: NodeJS.ProcessEnv, given: ReadonlySet<ModuleName> = new Set()): Config {
  const needed = MODULE_NAMES.filter((name) => !given.has(name)).map((name) => moduleSettings[name]);
  const unneeded = [...given]
    .flatMap((name) => Object.keys(moduleSettings[name]))
    .filter((variable) => !needed.some((group) => variable in group));
  const unread = new Set(unneeded);
  const set = Object.entries(env).filter(([name, value]) => value !== "" && !unread.has(name));
  const result = schema.safeParse(Object.fromEntries(set));
  const faults = result.error?.issues.map((issue) => fault(issue, env)) ?? [];
  const [graphs, claims] = ["GRAPH_STORAGE_BUCKET", "GRAPH_PROGRESS_BUCKET"].map(
    (name) => (env[name] ?? "") !== "",
  );
  if (graphs !== claims && !given.has("storage") && !given.has("marker")) {
    faults.push("GRAPH_STORAGE_BUCKET, GRAPH_PROGRESS_BUCKET: expected both or neither");
  }
  if (!result.success || faults.length > 0) throw new ConfigError(faults);
  return result.data;
}

/** Variables that the Go service, or a later version of this one, knows, and that do nothing here. */
const IGNORED = /^RUNTIME_/;

/** The names of the variables that are set and do nothing, to warn of. */
export function ignoredVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => IGNORED.test(name) && !(name in settings));
}
