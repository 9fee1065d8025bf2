/**
 * How each port's registry says which implementations there are: of storages and markers those of which something is set,
 * of digesters and queuers those whose scheme an endpoint has (`scheme.ts`). Adding one is a file that describes it in these
 * terms, and a line in the port's `index.ts`.
 */
import type { z } from "zod";

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
export type Config<Shape extends z.ZodRawShape> = keyof Shape extends never
  ? unknown
  : z.output<z.ZodObject<Shape>>;

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

/** @public The types of registries name it. */
export interface Implementation<Shape extends z.ZodRawShape, Given, Made> extends Configured {
  readonly settings: Shape;
  /**
   * @param given what the environment doesn't say
   * @returns undefined when nothing is set that chooses it
   */
  readonly create: (config: Config<Shape>, given: Given) => Made | undefined;
}

/** An implementation that is chosen by what is set. */
export function implementation<Shape extends z.ZodRawShape, Given, Made>(
  described: Implementation<Shape, Given, Made>,
) {
  return described;
}

/** The first implementation that something chooses. The last one asks for nothing. */
export function createFirst<Config, Given, Made>(
  registry: Readonly<Record<string, { create: (config: Config, given: Given) => Made | undefined }>>,
  config: Config,
  given: Given,
): Made {
  for (const { create } of Object.values(registry)) {
    const made = create(config, given);
    if (made !== undefined) return made;
  }
  throw new Error("expected the last implementation to ask for nothing");
}
