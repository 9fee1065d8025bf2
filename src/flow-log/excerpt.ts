const LENGTH = 80;

/** Some input for an error message: quoted, escaped, and shortened. */
export function excerpt(text: string): string {
  const shown = JSON.stringify(text.slice(0, LENGTH)).replace(/[^ -~]/g, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
  return text.length > LENGTH ? `${shown}…` : shown;
}
