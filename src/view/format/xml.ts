const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** XML has none of these, not even as references: https://www.w3.org/TR/xml/#charsets. Halves of pairs are no characters. */
const NO_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
/** They turn what follows around, so that a name could show what it isn't: https://www.unicode.org/reports/tr9 */
const TURNING = /[\u{202A}-\u{202E}\u{2066}-\u{2069}\u{200E}\u{200F}\u{61C}]/gu;

/** As text of an element, or as an attribute's value between quotes. */
export function escaped(text: string): string {
  return text
    .replaceAll(NO_CHARACTERS, "\u{FFFD}")
    .replaceAll(TURNING, "\u{FFFD}")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
