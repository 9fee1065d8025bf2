/** What one run of a contender gave, by the names of the table's columns. */
export type Measures = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  /** One run, whole. */
  measure(): Promise<Measures>;
}

/** What one round gave, by the contenders' names. */
type Round = ReadonlyMap<string, Measures>;

/** A figure that is wanted. It is taken from each round alone, and the median of those counts. */
export interface Goal {
  readonly what: string;
  readonly of: (round: Round) => number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface GoalResult {
  readonly what: string;
  readonly measured: number;
  readonly goal: string;
  readonly met: "yes" | "no" | "not measured";
}

export interface Comparison {
  readonly title: string;
  /** The first is the one that the others are set against. */
  readonly contenders: readonly [Contender, ...Contender[]];
  readonly goals?: readonly Goal[];
}

/** Measures whose ratio to those of the first contender is told as well. */
const RELATED = new Set(["wall s", "CPU s", "requests/s"]);

/** A contender's own figure. */
export function figure(measure: string, name: string): Goal["of"] {
  return (round) => round.get(name)?.[measure] ?? Number.NaN;
}

/** How many times the second contender's figure the first one's is. */
export function ratio(measure: string, name: string, other: string): Goal["of"] {
  return (round) => figure(measure, name)(round) / figure(measure, other)(round);
}

/**
 * Runs the contenders in turn, so that whatever else the machine does hits all of them alike, and prints medians. Ratios are
 * those of runs side by side.
 */
export async function compare(
  { title, contenders, goals = [] }: Comparison,
  rounds: number,
): Promise<readonly GoalResult[]> {
  const done: Round[] = [];
  for (let n = 0; n < rounds; n++) {
    const round = new Map<string, Measures>();
    for (const contender of contenders) round.set(contender.name, await contender.measure());
    done.push(round);
  }
  const [first] = contenders;
  console.log(`\n${title}, medians of ${rounds}`);
  console.table(Object.fromEntries(contenders.map(({ name }) => [name, rowOf(name, first.name, done)])));
  return goals.map((goal) => resultOf(goal, done));
}

function rowOf(name: string, first: string, rounds: readonly Round[]): Record<string, number> {
  const measures = Object.keys(rounds[0]?.get(name) ?? {});
  const related = name === first ? [] : measures.filter((measure) => RELATED.has(measure));
  const medianOf = (of: Goal["of"]) => rounded(median(rounds.map(of)));
  return Object.fromEntries([
    ...measures.map((measure) => [measure, medianOf(figure(measure, name))] as const),
    ...related.map((measure) => [`${measure} ×`, medianOf(ratio(measure, name, first))] as const),
  ]);
}

function resultOf({ what, of, atLeast, atMost }: Goal, rounds: readonly Round[]): GoalResult {
  const measured = median(rounds.map(of));
  const isMet = measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity);
  return {
    what,
    measured: rounded(measured),
    goal: [atLeast !== undefined && `≥ ${atLeast}`, atMost !== undefined && `≤ ${rounded(atMost)}`]
      .filter(Boolean)
      .join(", "),
    met: Number.isNaN(measured) ? "not measured" : isMet ? "yes" : "no",
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The least value that so large a share of all doesn't exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** To three digits, or whole. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
