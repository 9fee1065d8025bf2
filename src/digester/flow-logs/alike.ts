import type { LogObject } from "./source.js";

/**
 * Notices files that were read though they begin with the same bytes: copies, whose records count twice. No name tells
 * it of what was exported, renamed or replicated, and no two files begin with the same records by chance.
 */
export class Alike {
  readonly #first = new Map<string, LogObject>();
  #pair: readonly [string, string] | undefined;
  #count = 0;

  /**
   * Takes in a file of which records were taken in.
   *
   * @param beginning stands for its first bytes
   */
  add(object: LogObject, beginning: string): void {
    const other = this.#first.get(beginning);
    if (other === undefined) {
      this.#first.set(beginning, object);
      return;
    }
    // Two flow logs of one interface may say the same, which is warned of by their ids.
    if (object.flowLog !== other.flowLog && object.flowLog !== undefined && other.flowLog !== undefined)
      return;
    this.#pair ??= [other.key, object.key];
    this.#count++;
  }

  warnings(): string[] {
    if (this.#pair === undefined) return [];
    const [one, other] = this.#pair;
    const files = this.#count === 1 ? "1 file begins" : `${this.#count} files begin`;
    return [
      `${files} with the same records as another, such as ${other} and ${one}: both were read, so copies count twice. FLOW_LOG_EXCLUDE leaves them out`,
    ];
  }
}
