import type { NameColumns } from "./name-table.js";

/** A file that NAMES lists, as it was read. */
interface NameFile {
  /** As it stands in NAMES. */
  readonly file: string;
  readonly bytes: Buffer;
}

/** What a file is good for. In memory that threads share: it can be posted to one at no cost. */
export type NameContent =
  | { readonly source: "csv" | "ip-ranges"; readonly columns: NameColumns }
  | { readonly source: "mmdb"; readonly database: Uint8Array };

export interface NameFormat {
  readonly extension: string;
  /** Whether a file without one of the known extensions is one. */
  looksLike(bytes: Buffer): boolean;
  /**
   * May keep `bytes`, which nobody changes.
   *
   * @throws NameFileError, the signal's reason
   */
  read(file: NameFile, signal: AbortSignal): Promise<NameContent>;
}

/** A file can't be used as it is. The message says where, and what was expected. */
export class NameFileError extends Error {
  override name = "NameFileError";
}
