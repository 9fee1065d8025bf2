import { CorruptInputError } from "../../errors.js";
import { gunzip, unzstd } from "../../flow-log/decompress.js";
import { FORM_BYTES, formOf, type Form } from "./form.js";

/** Firehose compresses what CloudWatch has compressed, and people do it once more. */
const MAX_LAYERS = 3;

/** What is in a file, whatever it is compressed with. */
export interface Content {
  readonly form: Exclude<Form, "gzip" | "zstd">;
  /** How often it is compressed. */
  readonly layers: number;
  /** Its beginning, expanded. */
  readonly head: Buffer;
  /** All of it, expanded. */
  readonly blocks: AsyncIterable<Buffer>;
  /** Lets go of what is only begun. */
  close(): Promise<void>;
}

interface ContentOptions {
  /** Bytes to look at; fewer only where the content ends. */
  readonly headBytes?: number;
  /** Whether the source is only the beginning of a file. */
  readonly isCut?: boolean;
}

/**
 * @param name of the file, for messages
 * @throws CorruptInputError, or whatever the source fails with
 */
export async function contentOf(
  name: string,
  source: AsyncIterable<Buffer>,
  { headBytes = FORM_BYTES, isCut = false }: ContentOptions = {},
): Promise<Content> {
  let inner = source[Symbol.asyncIterator]();
  const close = async (): Promise<void> => {
    await inner.return?.();
  };
  try {
    for (let layers = 0; ; layers++) {
      const head = await peek(inner, headBytes);
      const blocks = rejoined(head, inner);
      const form = formOf(head);
      if (form !== "gzip" && form !== "zstd") return { form, layers, head, blocks, close };
      if (layers === MAX_LAYERS) {
        throw new CorruptInputError(
          `${name}: expected at most ${MAX_LAYERS} layers of compression, got more`,
        );
      }
      inner = form === "gzip" ? gunzip(name, blocks, { isCut }) : unzstd(name, blocks, isCut);
    }
  } catch (error) {
    await close();
    throw error;
  }
}

async function peek(blocks: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> {
  const first: Buffer[] = [];
  for (let missing = bytes; missing > 0;) {
    const next = await blocks.next();
    if (next.done === true) break;
    first.push(next.value);
    missing -= next.value.length;
  }
  return Buffer.concat(first);
}

/** The blocks, with their first bytes in front again. */
async function* rejoined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
