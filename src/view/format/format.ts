import type { View } from "../view.js";

/** How a view is written. A new one is a file, and a line in `formats.ts`. */
export interface ViewFormat {
  readonly mediaType: string;
  /** Pieces of the answer, some kilobytes each: between them others may have their turn. */
  write(view: View): Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>;
}

const PIECE_LENGTH = 64 * 1024;

/** Joins short pieces, of which there may be as many as links. */
export function* joined(pieces: Iterable<string>): Generator<string> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}
