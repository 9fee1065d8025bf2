/** What a metric is counted by. Values are from small fixed sets: never ids, paths or anything that callers choose. */
export type Tags = Readonly<Record<string, string>>;

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

/** Statistics that somebody comes for. */
export interface Exposition {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

export interface StatsOutput {
  readonly stats: Stats;
  readonly exposition?: Exposition;
  /** Sends what is left, and takes half a second at most. */
  readonly close?: () => Promise<void>;
}
