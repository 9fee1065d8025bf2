import { CorruptInputError } from "../../errors.js";
import { gunzip, gunzipSmall, unzstd } from "../../flow-log/decompress.js";
import { nextTurn, turnIsOver } from "../../turn.js";
import { FORM_BYTES, formOf, type Form } from "./form.js";

/** Firehose compresses what CloudWatch has compressed, and people do it once more. */
const MAX_LAYERS = 3;

/** What is held in memory is expanded at once up to so many bytes, which takes a millisecond or two. */
const EXPANDED_AT_ONCE = 1024 * 1024;
/** Bytes of what is held in memory that are given out before others have their turn. */
const BLOCK = 128 * 1024;

/** What is in a file, whatever it is compressed with. */
export interface Content {
  readonly form: Exclude<Form, "gzip" | "zstd">;
  /** How often it is compressed. */
  readonly layers: number;
  /** Its beginning, expanded. */
  readonly head: Buffer;
  /** All of it, expanded. */
  readonly blocks: AsyncIterable<Buffer> | Iterable<Buffer>;
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
  source: AsyncIterable<Buffer> | Buffer,
  options: ContentOptions = {},
): Promise<Content> {
  if (!Buffer.isBuffer(source)) return contentOfBlocks(name, source[Symbol.asyncIterator](), 0, options);
  const { bytes, layers } = withoutLayers(source, options.isCut === true ? 0 : MAX_LAYERS, EXPANDED_AT_ONCE);
  const form = formOf(bytes);
  if (isCompressed(form)) return contentOfBlocks(name, inTurns(bytes), layers, options);
  const head = bytes.subarray(0, options.headBytes ?? FORM_BYTES);
  return { form, layers, head, blocks: [bytes], close: async () => undefined };
}

async function contentOfBlocks(
  name: string,
  source: AsyncIterator<Buffer>,
  layersBefore: number,
  { headBytes = FORM_BYTES, isCut = false }: ContentOptions,
): Promise<Content> {
  let inner = source;
  const close = async (): Promise<void> => {
    await inner.return?.();
  };
  try {
    for (let layers = layersBefore; ; layers++) {
      const head = await peek(inner, headBytes);
      const blocks = rejoined(head, inner);
      const form = formOf(head);
      if (!isCompressed(form)) return { form, layers, head, blocks, close };
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

function isCompressed(form: Form): form is "gzip" | "zstd" {
  return form === "gzip" || form === "zstd";
}

/** The bytes without gzip, where all layers of it can be taken off at once, and no more than so many bytes come out. */
export function unpacked(packed: Buffer, maxBytes: number): Buffer {
  const { bytes } = withoutLayers(packed, MAX_LAYERS, maxBytes);
  return isCompressed(formOf(bytes)) ? packed : bytes;
}

function withoutLayers(
  packed: Buffer,
  maxLayers: number,
  maxBytes: number,
): { bytes: Buffer; layers: number } {
  let bytes = packed;
  let layers = 0;
  while (layers < maxLayers && formOf(bytes) === "gzip") {
    const expanded = gunzipSmall(bytes, maxBytes);
    if (expanded === undefined) break;
    bytes = expanded;
    layers++;
  }
  return { bytes, layers };
}

/** Copies: zlib's threads may read on when nobody waits for them any more, and the memory is used again. */
async function* inTurns(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    yield Buffer.from(bytes.subarray(at, at + BLOCK));
    if (turnIsOver()) await nextTurn();
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
  const [only] = first;
  return first.length === 1 && only !== undefined ? only : Buffer.concat(first);
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
