/**
 * Variables that somebody set for this service, and that it doesn't know. A misspelt setting does nothing, and a misspelt
 * token leaves the door open.
 */

/** How the names of our settings begin, and those of settings to come. */
const FAMILIES =
  /^(?:GRAPH|DIGEST|DIGESTER|FLOW_LOG|FLOW_LOGS|API_TOKENS?|PRODUCER?|WORKER|HTTP|RUNTIME|STREAM|VIEW|NAMES|FINDINGS?|SQS)(?:_|$)/i;

/** What others mean by names of our families: proxies for all programs, and what Kubernetes says of its services. */
const OTHERS =
  /^HTTPS?_PROXY$|^AWS_|_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/i;
const KUBERNETES_PORT = /^(?:tcp|udp|sctp):\/\//;

/** Settings of the Go services that have a successor, or none. */
const FORMER: readonly (readonly [RegExp, string])[] = [
  [
    /^RUNTIME_EXPVAR_/,
    "metrics of Go's runtime, which this service doesn't have: see the metrics grapherd.process.*",
  ],
  [
    /^DIGEST_(?:STORAGE|PROGRESS)_/,
    "a setting of vpcflow-digesterd, not of this service: graphs and claims have GRAPH_STORAGE_BUCKET and GRAPH_PROGRESS_BUCKET",
  ],
  [
    /^STREAM_APPLIANCE_TOPIC$/,
    "a topic is part of the URL: STREAM_APPLIANCE_ENDPOINT=http://bus/topic/event",
  ],
];

/** The settings that open and close the door. */
const TOKEN_SETTINGS = ["API_TOKENS", "PRODUCE_TOKENS"];
const NEAR = 2;
/** Names shorter than that are near to anything. */
const MIN_LETTERS = 8;

export interface UnknownVariables {
  /** Sentences about those that must stop the start. */
  readonly faults: readonly string[];
  /** Those that do nothing, each with what may have been meant. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
}

/** Looks for variables that are set and aren't known. Their values are never shown. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): UnknownVariables {
  const faults: string[] = [];
  const ignored: { name: string; reason: string }[] = [];
  for (const [name, value = ""] of Object.entries(env)) {
    if (value === "" || known.includes(name) || OTHERS.test(name) || KUBERNETES_PORT.test(value)) continue;
    const token = nearest(name, TOKEN_SETTINGS);
    const family = FAMILIES.test(name.trim());
    if (token.distance <= NEAR || (family && /TOKEN/i.test(name))) {
      faults.push(
        `${shown(name)}: there is no such setting, and without the right one the service may be open to all: expected ${token.name}. If it belongs to another program, don't pass it to this one`,
      );
      continue;
    }
    const [, former] = FORMER.find(([pattern]) => pattern.test(name)) ?? [];
    // Nobody is told what a name of somebody else's is near to.
    const near = nearest(name, known, family || former !== undefined ? undefined : NEAR);
    // Misspelt in its first letters, it is of none of our families.
    const misspelt = near.distance <= NEAR && letters(name).length >= MIN_LETTERS;
    if (!family && !misspelt && former === undefined) continue;
    // Where a whole word is missing, the first one says most.
    const kin = known.filter((each) => each.split("_")[0] === name.toUpperCase().split("_")[0]);
    const meant = misspelt || kin.length === 0 ? near : nearest(name, kin);
    ignored.push({
      name: shown(name),
      reason: former ?? `there is no such setting; the nearest is ${meant.name}`,
    });
  }
  return { faults, ignored };
}

/** A name as it is, or quoted and escaped when it isn't what shells take. */
function shown(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : JSON.stringify(name);
}

/** What is left of a name when nobody minds case and punctuation. */
function letters(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z\d]/g, "");
}

/** @param farthest the greatest distance that is looked for; what is farther is given as one more */
function nearest(
  name: string,
  candidates: readonly string[],
  farthest = Number.POSITIVE_INFINITY,
): { name: string; distance: number } {
  const text = letters(name);
  let best = { name: "", distance: farthest + 1 };
  for (const each of candidates) {
    const word = letters(each);
    // As many letters have to be put in or taken out at least: most words need no closer look.
    if (Math.abs(word.length - text.length) >= best.distance) continue;
    const found = distance(text, word);
    if (found < best.distance) best = { name: each, distance: found };
  }
  return best;
}

/** How many letters have to be put in, taken out, exchanged or swapped with the next to make one word of the other. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + cost,
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}
