import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { call, isTokenWanted } from "./api.js";
import { PARTS } from "./scope.js";

/** What became of a question. */
export type Asked<T> =
  | { readonly state: "idle" }
  /** `before`: what was there until now. */
  | { readonly state: "asking"; readonly before: T | undefined }
  | { readonly state: "there"; readonly value: T }
  /** The graph is being made. */
  | { readonly state: "making" }
  | { readonly state: "refused"; readonly status: number; readonly message: string };

/** How many answers are kept, for back and forward. */
const KEPT = 24;
const kept = new Map<string, Promise<Asked<unknown>>>();
/** Counts how often everything has to be asked again. */
const rounds = signal(0);

export function askAgain(): void {
  kept.clear();
  rounds.value++;
}

/**
 * Asks whenever what is to be asked changes. Whoever asks for the same shares the answer.
 *
 * @param path undefined: nothing is asked
 */
export function asked<T>(path: ReadonlySignal<string | undefined>): ReadonlySignal<Asked<T>> {
  const outcome = signal<Asked<T>>({ state: "idle" });
  let last: string | undefined;
  effect(() => {
    const url = path.value;
    void rounds.value;
    if (url === undefined || isTokenWanted.value) {
      outcome.value = { state: "idle" };
      return undefined;
    }
    let isOver = false;
    const before = windowOf(url) === windowOf(last) ? shownOf(outcome.peek()) : undefined;
    last = url;
    outcome.value = { state: "asking", before };
    const ask = async () => {
      const answer = await answerOf(url);
      // The service answers this path with a T.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      if (!isOver) outcome.value = answer as Asked<T>;
    };
    void ask();
    return () => {
      isOver = true;
    };
  });
  return outcome;
}

/** What there is to show: also what is about to be replaced. */
export function shownOf<T>(asked: Asked<T>): T | undefined {
  if (asked.state === "there") return asked.value;
  return asked.state === "asking" ? asked.before : undefined;
}

/** What was seen of one window and scope isn't shown while another is asked for. */
function windowOf(url: string | undefined): string {
  const parameters = new URL(url ?? "", location.href).searchParams;
  return ["start", "stop", ...PARTS].map((name) => parameters.get(name)).join(" ");
}

/** Asks once: whoever asks for the same again shares the answer. */
export function answerOf(url: string): Promise<Asked<unknown>> {
  let answer = kept.get(url);
  kept.delete(url);
  answer ??= fetchAnswer(url).then((outcome) => {
    // What may be another the next time isn't kept.
    if (outcome.state !== "there") kept.delete(url);
    return outcome;
  });
  kept.set(url, answer);
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return answer;
}

async function fetchAnswer(url: string): Promise<Asked<unknown>> {
  try {
    const { status, message, response } = await call(url);
    if (status === 204) return { state: "making" };
    if (status >= 400) return { state: "refused", status, message };
    return { state: "there", value: await response.json() };
  } catch (error) {
    return { state: "refused", status: 0, message: error instanceof Error ? error.message : String(error) };
  }
}
