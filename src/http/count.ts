import { z } from "zod";

/** A parameter that is a whole number from 1 to `max`, if it is given. */
export function count(name: string, max: number, description: string) {
  const expected = `${name} must be a whole number from 1 to ${max}`;
  return z
    .string(`${name} must be given once`)
    .regex(/^[1-9]\d{0,3}$/, expected)
    .transform(Number)
    .refine((value) => value <= max, expected)
    .optional()
    .meta({ description, example: String(Math.min(max, 100)) });
}
