const LF = 0x0a;
/** A CR and an LF come on top of the longest line. */
const ENDING_BYTES = 2;

/** Hands on lines of some bytes that come in pieces, cut anywhere: as they lie, many at a time, whole ones only. */
export class WholeLines {
  readonly #take: (bytes: Buffer, from: number, end: number) => void;
  readonly #tooLong: (start: Buffer) => Error;
  /** The line that the last piece broke off in, with room for the line feed that `end` adds. */
  readonly #carry: Buffer;
  readonly #maxBytes: number;
  #carried = 0;

  /**
   * @param take is given lines between two positions: the byte before `end` is a line feed
   * @param maxLineBytes of a line, without its ending. Longer ones are noticed before they end, where they are carried
   * @param tooLong makes the error of a line that begins so
   */
  constructor(
    take: (bytes: Buffer, from: number, end: number) => void,
    maxLineBytes: number,
    tooLong: (start: Buffer) => Error,
  ) {
    this.#take = take;
    this.#tooLong = tooLong;
    this.#maxBytes = maxLineBytes + ENDING_BYTES;
    this.#carry = Buffer.allocUnsafe(this.#maxBytes + 1);
  }

  write(bytes: Buffer): void {
    let at = 0;
    if (this.#carried > 0) {
      const newline = bytes.indexOf(LF);
      at = newline === -1 ? bytes.length : newline + 1;
      this.#keep(bytes.subarray(0, at));
      if (newline === -1) return;
      const length = this.#carried;
      this.#carried = 0;
      this.#take(this.#carry.subarray(0, length), 0, length);
    }
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > at) this.#take(bytes, at, end);
    this.#keep(bytes.subarray(Math.max(at, end)));
  }

  /** All has come; the last line may lack the line feed. */
  end(): void {
    if (this.#carried === 0) return;
    this.#carry[this.#carried++] = LF;
    this.#take(this.#carry, 0, this.#carried);
    this.#carried = 0;
  }

  #keep(bytes: Buffer): void {
    if (this.#carried + bytes.length > this.#maxBytes) {
      throw this.#tooLong(Buffer.concat([this.#carry.subarray(0, this.#carried), bytes]));
    }
    this.#carried += bytes.copy(this.#carry, this.#carried);
  }
}
