/**
 * How each port's registry says which implementations there are. Adding one is a file that describes it in these terms,
 * and a line in the port's `index.ts`.
 */
import { z } from "zod";

/** A rule across variables. It counts while all of them are read. */
export interface Rule {
  readonly variables: readonly string[];
  readonly expected: string;
  /** Of the variables as they are written; an empty one is left out. */
  readonly holds: (env: Readonly<Record<string, string | undefined>>) => boolean;
}

interface Configured {
  /** Each variable with its schema. */
  readonly settings: z.ZodRawShape;
  readonly rules?: readonly Rule[];
}

/** What the schemas give; of none at all, nothing is asked. */
type Config<Shape extends z.ZodRawShape> = keyof Shape extends never ? unknown : z.output<z.ZodObject<Shape>>;

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

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** The settings of every implementation of a registry. */
export function settingsOf<Each extends Configured>(registry: Readonly<Record<string, Each>>) {
  const all = Object.assign({}, ...Object.values(registry).map(({ settings }) => settings));
  // TypeScript doesn't know what assigning a list amounts to.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return all as Intersection<Each["settings"]>;
}

/** Their rules, each once. */
export function rulesOf(registry: Readonly<Record<string, Configured>>): readonly Rule[] {
  return [...new Set(Object.values(registry).flatMap(({ rules = [] }) => rules))];
}
