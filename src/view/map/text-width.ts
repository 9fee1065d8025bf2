/**
 * How wide text is, where nothing can draw it to see. Of the system's fonts, DejaVu Sans is about the widest; these are its
 * advance widths in hundredths of the font size, rounded up, from the space to the tilde. Other fonts leave some room.
 */
const ASCII = Uint8Array.from(
  (
    "32 41 46 84 64 95 78 28 39 39 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 54 " +
    "100 69 69 70 77 64 58 78 76 30 30 66 56 87 75 79 61 79 70 64 62 74 69 99 69 62 69 39 34 39 84 50 " +
    "50 62 64 55 64 62 36 64 64 28 28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84"
  ).split(" "),
  Number,
);
const FIRST = 0x20;
/** Of letters beyond ASCII; of symbols and of the East's, which are as wide as they are high. */
const OTHER_WIDTH = 85;
const WIDE_WIDTH = 112;
const FIRST_WIDE = 0x2200;
/** How much wider a bold letter is. */
const BOLD_WIDTH = 8;

const ELLIPSIS = "…";

interface Font {
  /** In pixels. */
  readonly size: number;
  readonly isBold?: boolean;
}

/** In pixels; rather too much than too little. */
export function textWidth(text: string, { size, isBold = false }: Font): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    width +=
      (ASCII[code - FIRST] ?? (code === 0xb7 ? 38 : code < FIRST_WIDE ? OTHER_WIDTH : WIDE_WIDTH)) +
      (isBold ? BOLD_WIDTH : 0);
  }
  return (width * size) / 100;
}

/** The text, or as much of it as there is room for: what is left out is at the end, or in the middle. */
export function fittedText(text: string, font: Font, room: number, cut: "end" | "middle" = "end"): string {
  if (textWidth(text, font) <= room) return text;
  const characters = Array.from(text);
  let kept = characters.length - 1;
  for (; kept > 0; kept--) {
    const shortened = without(characters, kept, cut);
    if (textWidth(shortened, font) <= room) return shortened;
  }
  return ELLIPSIS;
}

function without(characters: readonly string[], kept: number, cut: "end" | "middle"): string {
  const tail = cut === "end" ? 0 : Math.floor(kept / 2);
  return [...characters.slice(0, kept - tail), ELLIPSIS, ...characters.slice(characters.length - tail)].join(
    "",
  );
}

/** The text in lines, broken between words; a word longer than a line is shortened. */
export function wrappedText(text: string, font: Font, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer, font) <= room) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = fittedText(word, font, room, "middle");
  }
  return line === "" ? lines : [...lines, line];
}
