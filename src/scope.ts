import { z } from "zod";
import { normalForm, parametersOf, ScopeError, type ScopeParameters } from "./scope-parts.js";

/**
 * A part of the flow logs, in its normal form: `account=111122223333,444455556666 region=eu-west-1 vpc=vpc-0a1b2c3d`, those
 * that are given, each value once, sorted. With `&` in the place of spaces it is a query. Reads parts and values in any order.
 */
export const Scope = z
  .string()
  .transform((text, context) => {
    try {
      return normalForm(parametersOf(text));
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
      context.addIssue(`scope: ${error.message}`);
      return z.NEVER;
    }
  })
  .brand("Scope");
export type Scope = z.infer<typeof Scope>;

/**
 * The scope that a query names. Undefined: none, which is all flow logs.
 *
 * @throws ScopeError with a message for the caller
 */
export function scopeOf(parameters: ScopeParameters): Scope | undefined {
  const text = normalForm(parameters);
  return text === "" ? undefined : Scope.parse(text);
}
