import { type AwsName, isUntouched } from "./aws-name.js";

interface File {
  readonly key: string;
  readonly name: AwsName | undefined;
  readonly size: number;
  /** Where it is, when it can't be read from there. */
  readonly archived?: string | undefined;
}

export interface WithoutDuplicates<Item> {
  readonly kept: Item[];
  /** Pairs of what is left out and what is kept in its place. */
  readonly duplicates: readonly { readonly left: Item; readonly kept: Item }[];
}

/**
 * Leaves out all but one of those files whose names say that they hold the same records: names that AWS gave, which have a
 * hash, in several places, packed in several ways, or copied. The likeliest to be whole and readable is kept, whatever
 * their order.
 */
export function withoutDuplicates<Item extends File>(items: readonly Item[]): WithoutDuplicates<Item> {
  const best = new Map<string, Item>();
  const named: { readonly item: Item; readonly identity: string }[] = [];
  const kept: Item[] = [];
  for (const item of items) {
    const identity = item.name?.identity;
    if (identity === undefined) {
      kept.push(item);
      continue;
    }
    named.push({ item, identity });
    const other = best.get(identity);
    if (other === undefined || compare(rank(item), rank(other)) < 0) {
      best.set(identity, item);
    }
  }
  const duplicates: { left: Item; kept: Item }[] = [];
  for (const { item, identity } of named) {
    const chosen = best.get(identity) ?? item;
    if (chosen === item) kept.push(item);
    else duplicates.push({ left: item, kept: chosen });
  }
  return { kept, duplicates };
}

type Rank = readonly [number, number, number, number, string];

function rank({ key, size, archived }: File): Rank {
  const isReadable = /\.(?:log|gz|parquet)$/i.test(key);
  return [
    archived === undefined ? 0 : 1,
    size > 0 ? 0 : 1,
    isReadable ? 0 : 1,
    isUntouched(key) ? 0 : 1,
    key,
  ];
}

function compare(one: Rank, other: Rank): number {
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? 0;
    if (value !== against) return value < against ? -1 : 1;
  }
  return 0;
}
