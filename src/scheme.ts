/** What an endpoint's scheme chooses: each with what is peculiar to it. */
import { z } from "zod";
import type { Config, Rule } from "./registry.js";

/** What an endpoint's scheme chooses, once the endpoint is known. @public The types of registries name it. */
export class Endpoint<Config, Given, Made> {
  readonly place: unknown;
  readonly #create: (config: Config, given: Given) => Made;

  constructor(place: unknown, create: (config: Config, given: Given) => Made) {
    this.place = place;
    this.#create = create;
  }

  /** @param given what the environment doesn't say */
  create(config: Config, given: Given): Made {
    return this.#create(config, given);
  }
}

interface Scheme<Place, Shape extends z.ZodRawShape, Given, Made> {
  /** Tells an endpoint that is meant to be of this scheme, right or wrong. */
  readonly pattern: RegExp;
  /** How it is written, for messages. */
  readonly expected: string;
  /** Reads the whole endpoint. */
  readonly place: z.ZodType<Place, string>;
  /** What else it needs to know. */
  readonly settings: Shape;
  readonly rules?: readonly Rule[];
  create(place: Place, config: Config<Shape>, given: Given): Made;
}

/** One scheme of an endpoint, with all that it chooses. */
export function scheme<Place, Shape extends z.ZodRawShape, Given, Made>(
  described: Scheme<Place, Shape, Given, Made>,
) {
  const { pattern, expected, settings, rules = [] } = described;
  const endpoint = described.place.transform(
    (place) =>
      new Endpoint(place, (config: Config<Shape>, given: Given) => described.create(place, config, given)),
  );
  return { pattern, expected, settings, rules, endpoint };
}

/** An endpoint of one of these schemes; the first whose pattern fits. */
export function endpointOf<
  Each extends {
    readonly pattern: RegExp;
    readonly expected: string;
    readonly endpoint: z.ZodType<unknown, string>;
  },
>(schemes: Readonly<Record<string, Each>>) {
  return z.string().transform((text, context): z.output<Each["endpoint"]> => {
    const found = Object.values(schemes).find(({ pattern }) => pattern.test(text));
    const result = found?.endpoint.safeParse(text);
    // What this scheme's own schema gave.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (result?.success === true) return result.data as z.output<Each["endpoint"]>;
    const all = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(
      Object.values(schemes).map(({ expected }) => expected),
    );
    const messages = result?.error.issues.map(({ message }) => message) ?? [`expected ${all}`];
    for (const message of messages) context.addIssue(message);
    return z.NEVER;
  });
}
