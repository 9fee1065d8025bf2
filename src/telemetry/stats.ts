/** What a metric is counted by. Values are from small fixed sets: never ids, paths or anything that callers choose. */
type Tags = Readonly<Record<string, string>>;

/** What the service needs of a statistics client: hot-shots' interface, so that a library user may bring their own. */
export interface Stats {
  increment(name: string, value: number, tags?: Tags): void;
  gauge(name: string, value: number, tags?: Tags): void;
  distribution(name: string, value: number, tags?: Tags): void;
}

/** Keeps no statistics. */
export const noStats: Stats = {
  increment: () => undefined,
  gauge: () => undefined,
  distribution: () => undefined,
};
