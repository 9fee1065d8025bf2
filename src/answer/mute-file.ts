import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { messageOf } from "../errors.js";
import { parseMutes, type Mute } from "../finding/mute.js";
import { RULES } from "../finding/rules.js";
import type { NameLog } from "../name/name-files.js";

/** Lines of what nobody wants to be told again: more is no such file. */
const MAX_BYTES = 1024 * 1024;

export interface Mutes {
  /** The same for the same lines. */
  readonly version: string;
  readonly list: readonly Mute[];
}

const NOTHING: Mutes = { version: "", list: [] };

/** What is muted, as the file says now. A fault in it keeps what it said before, and is logged once. */
export class MuteFile {
  readonly #file: string | undefined;
  readonly #log: NameLog;
  #mutes = NOTHING;
  #tried = "";

  constructor(file: string | undefined, log: NameLog) {
    this.#file = file;
    this.#log = log;
  }

  async read(signal: AbortSignal): Promise<Mutes> {
    const file = this.#file;
    if (file === undefined) return NOTHING;
    const { size, mtimeMs, ino } = await stat(file).catch(() => ({ size: -1, mtimeMs: 0, ino: 0 }));
    const identity = [size, mtimeMs, ino].join(" ");
    if (identity === this.#tried) return this.#mutes;
    try {
      if (size > MAX_BYTES) throw new SyntaxError(`expected at most ${MAX_BYTES} bytes, got ${size}`);
      const text = await readFile(file, { encoding: "utf8", signal });
      this.#tried = identity;
      const list = parseMutes(
        text,
        RULES.map(({ name }) => name),
      );
      this.#mutes = { version: createHash("sha256").update(text).digest("base64url"), list };
      this.#log.info({ file, mutes: list.length }, "mutes-loaded");
    } catch (error) {
      signal.throwIfAborted();
      this.#tried = identity;
      const reason = messageOf(error);
      this.#log.warn({ file, reason: `${reason}; its former content is still used`, error }, "mutes-fault");
    }
    return this.#mutes;
  }
}
