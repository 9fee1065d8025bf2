import type { Scope } from "./scope.js";

/** A wrong scope. The message names the parameter and the rule, and is meant for the caller. */
export class ScopeError extends Error {
  override name = "ScopeError";
}

interface Part {
  readonly value: RegExp;
  readonly expected: string;
}

/** What flow logs can be told apart by, in the order of the normal form. */
const PARTS = {
  account: { value: /^\d{12}$/, expected: "an account id of 12 digits" },
  region: { value: /^[a-z]+(?:-[a-z]+)+-\d+$/, expected: "a region such as eu-west-1" },
  vpc: { value: /^vpc-[0-9a-z]{1,32}$/, expected: "a VPC's id such as vpc-0a1b2c3d4e5f60718" },
} as const satisfies Readonly<Record<string, Part>>;

export type ScopePart = keyof typeof PARTS;
const SCOPE_PARTS: readonly ScopePart[] = ["account", "region", "vpc"];

/** The values of each part as a query has them: separated by commas. What isn't given narrows nothing. */
export type ScopeParameters = { readonly [Part in ScopePart]?: string | undefined };

/** A scope is part of addresses, jobs and log events. */
const MAX_VALUES = 200;

/** The values of each part. Undefined: all. */
export function valuesOf(scope: Scope | undefined): { readonly [Part in ScopePart]?: ReadonlySet<string> } {
  const parameters = scope === undefined ? {} : parametersOf(scope);
  const sets: { [Part in ScopePart]?: ReadonlySet<string> } = {};
  for (const part of SCOPE_PARTS) {
    const values = parameters[part];
    if (values !== undefined) sets[part] = new Set(values.split(","));
  }
  return sets;
}

/** @throws ScopeError when the text is no scope, in whatever order */
export function parametersOf(text: string): ScopeParameters {
  const parameters: { [Part in ScopePart]?: string } = {};
  for (const given of text.split(" ")) {
    const [name = "", values, ...more] = given.split("=");
    const part = SCOPE_PARTS.find((each) => each === name);
    if (part === undefined || values === undefined || more.length > 0) {
      throw new ScopeError(`expected account=…, region=… or vpc=…, separated by spaces, not ${quote(given)}`);
    }
    if (parameters[part] !== undefined) throw new ScopeError(`${part} must be given once`);
    parameters[part] = values;
  }
  return parameters;
}

/** Empty where nothing is narrowed. @throws ScopeError */
export function normalForm(parameters: ScopeParameters): string {
  return SCOPE_PARTS.flatMap((part) => {
    const text = parameters[part];
    if (text === undefined) return [];
    const values = new Set(text.split(","));
    const { value: form, expected } = PARTS[part];
    for (const value of values) {
      if (form.test(value)) continue;
      throw new ScopeError(
        `${part} must be ${expected}, or several separated by commas, not ${quote(value)}`,
      );
    }
    if (values.size > MAX_VALUES) {
      throw new ScopeError(`${part} has ${values.size} values: at most ${MAX_VALUES} are possible`);
    }
    return [`${part}=${[...values].toSorted().join(",")}`];
  }).join(" ");
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
