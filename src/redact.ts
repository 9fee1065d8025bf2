import type { z } from "zod";
import { isSecret } from "./settings.js";

/**
 * What must not be seen where people and their tools read: in the log, on stderr, in messages about settings. Settings
 * are declared `secret` where they stand; this is the one place that knows what a secret looks like within a URL.
 */

/** Parameters of a query that hold a secret: `token`, `api_key`, `X-Amz-Signature`, `sig`, … */
const SECRET_PARAMETER = String.raw`[\w.%-]*(?:token|key|secret|sig|signature|passw(?:or)?d|pwd|auth|credentials?|session|jwt|code)|x-(?:amz|goog|ms)-[\w-]+`;

// What ends a URL within a text, within JSON too, ends each of these.
const END = String.raw`\s"'<>\\`;
/** Up to the last `@` of the authority: a password that wasn't encoded may hold more of them. */
const USER_INFO = String.raw`(?<=:\/\/)[^${END}/?#]+(?=@)`;
const PARAMETER_VALUE = String.raw`(?<=[?&;#](?:${SECRET_PARAMETER})=)[^${END}&;#]+`;

/** The shortest secret that is masked: masking shorter ones would tell them by what is missing from ordinary words. */
const MIN_SECRET = 6;
const MASK = "***";

/**
 * Gives a function that masks user and password in URLs, parameters whose name says that they are secret, and these
 * very secrets wherever they turn up. That nothing secret is handed to a logger is every caller's duty; this is for
 * texts that come from elsewhere.
 *
 * @param secrets as they look in the text: within JSON, escaped
 */
export function masker(secrets: readonly string[] = []): (text: string) => string {
  const literal = secrets
    .filter(({ length }) => length >= MIN_SECRET)
    // The longest first: one may be the beginning of another.
    .toSorted((a, b) => b.length - a.length)
    .map((secret) => secret.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  // A parameter's name is read in any case, a secret as it is.
  const urls = new RegExp(`${USER_INFO}|${PARAMETER_VALUE}`, "gi");
  const known = literal.length === 0 ? undefined : new RegExp(literal.join("|"), "g");
  return (text) => {
    // Most lines of a log have neither.
    const masked = text.includes("://") || text.includes("=") ? text.replace(urls, MASK) : text;
    return known === undefined ? masked : masked.replace(known, MASK);
  };
}

/**
 * A setting's value to be shown in a message. It need not be a valid URL: whatever stands before an `@`, and all of a
 * query, may be secret.
 */
export function withoutSecrets(value: string): string {
  return value
    .replace(/^([a-z][a-z\d+.-]*:\/+)?.*@/is, (_, scheme: string | undefined) => `${scheme ?? ""}${MASK}@`)
    .replace(/[?#].*$/s, (query) => query.charAt(0) + MASK);
}

/** The secrets that these settings have, right or wrong: those that are declared, and what URLs carry along. */
export function secretsOf(
  settings: Readonly<Record<string, z.ZodType>>,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const value = env[name] ?? "";
    // Some are lists.
    if (isSecret(setting)) return value.split(/\s*,\s*/).concat(value);
    return URL.canParse(value) ? secretsInUrl(new URL(value)) : [];
  });
}

function secretsInUrl({ username, password, searchParams }: URL): string[] {
  const name = new RegExp(`^(?:${SECRET_PARAMETER})$`, "i");
  const parameters = [...searchParams].filter(([each]) => name.test(each)).map(([, value]) => value);
  // A user alone is a token; beside a password it is a name, which may be an ordinary word.
  const user = password === "" ? username : "";
  return [user, password, ...parameters].flatMap((text) => [text, decoded(text)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
