/** A question that can't be answered as it was put. The message says what would do, and is meant for who asked. */
export class RefusedError extends Error {
  override name = "RefusedError";
  /** Whether the question makes no sense for this graph, or the answer would be too large. */
  readonly why: "senseless" | "too large";

  constructor(why: RefusedError["why"], message: string) {
    super(message);
    this.why = why;
  }
}
