/** What a schema found wrong. */
export interface Issue {
  /** The path of the field, its parts separated by `/`; empty: the whole. */
  readonly field: string;
  readonly message: string;
}

/** What is wrong with an input, as one sentence for whoever sent it. */
export function sentenceOf(issues: readonly Issue[]): string {
  return issues
    .map(({ field, message }) =>
      field === "" || message.startsWith(field) ? message : `${field}: ${message}`,
    )
    .join("; ");
}

/**
 * What callers sent is quoted to them, but not in the log: it may be a token that went into the wrong parameter.
 * The messages end a sentence with such a quotation, in JSON.
 */
export function withoutQuotation(message: string): string {
  return message.replace(/, (?:not|got) "(?:[^"\\]|\\.)*"/g, "");
}
