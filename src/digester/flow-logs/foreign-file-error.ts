import { CorruptInputError } from "../../errors.js";

/**
 * A file whose content can't be a flow log, found before any of its records was taken in. Where its name says that it
 * must be one it is damage like any other; elsewhere it may be passed over.
 */
export class ForeignFileError extends CorruptInputError {
  override name = "ForeignFileError";
}
