/** What a line seems to be that isn't a record with single spaces, and what to do about it; empty where nothing is known. */
export function remedy(text: string): string {
  for (const [pattern, advice] of ADVICE) {
    if (pattern.test(text)) return `. ${advice}`;
  }
  return "";
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/\p{Cc}\[\d/u, "There are colours in it: write it with aws logs tail --color off"],
  [/\r/, "Lines seem to end with CR alone: write them with LF"],
  [
    /(?!\t)\p{Cc}/u,
    "It isn't text, but packed in a way that isn't read, or encrypted: unpack it, or compress it with gzip",
  ],
  [/^\s*[[{]/, "It looks like JSON after lines of text: keep one form in a file"],
  [/\t/, "There are tabs between its fields: write the file with single spaces"],
  [
    /^@?timestamp,@?message|^\d{13},|^"?[a-z0-9_-]+"?(,"?[a-z0-9_-]+"?){2,}|"[^"]*","|^[^ ]+(,[^ ,]*){4,}$/i,
    "It looks like CSV: export the records as they are, without quotes and commas, or as JSON",
  ],
  [/"/, "There are quotes around its fields: write the file without them"],
  [
    /^\S*[^\s\d]\S*:(?:\d+:)?\d{1,2} /,
    "A file's name seems to come before the record, as grep writes it: use grep -h",
  ],
  [/ {2}/, "There is more than one space between its fields: write the file with single spaces"],
];
