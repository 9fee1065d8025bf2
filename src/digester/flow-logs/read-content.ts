import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CorruptInputError } from "../../errors.js";
import type { JsonReader } from "../../flow-log/json-reader.js";
import type { TextFormat } from "../../flow-log/line-layout.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { TextReader } from "../../flow-log/text-reader.js";
import { contentOf, type Content } from "./content.js";
import { inMemory } from "./look.js";
import { PARQUET_WHOLE_BYTES, type LogObject } from "./source.js";

/** Parquet that is compressed as a whole has to be held in memory: four times what is read at once anyway. */
const MAX_EXPANDED_PARQUET = 4 * PARQUET_WHOLE_BYTES;

/** Enough to hold some records, whatever comes before them. */
const HEAD_BYTES = 4096;

/**
 * Takes in the records of a file in whatever form its first bytes say it is.
 *
 * @param afterBlock is awaited now and then, with all records taken in that were read so far
 * @returns what stands for its first bytes, the same however it is compressed; undefined when it is empty
 * @throws CorruptInputError naming the object, or whatever the object's stream or `afterBlock` failed with
 */
export async function readContent(
  object: LogObject,
  intake: RecordIntake,
  format: TextFormat,
  afterBlock: () => Promise<void>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isLarge = object.format === "parquet" && object.size > PARQUET_WHOLE_BYTES;
  let body = object.open(signal, isLarge ? { start: 0, end: HEAD_BYTES } : undefined);
  try {
    let content = await contentOf(object.key, body, { headBytes: HEAD_BYTES, isCut: isLarge });
    if (isLarge && (content.form !== "parquet" || content.layers > 0)) {
      body.destroy();
      body = object.open(signal);
      content = await contentOf(object.key, body, { headBytes: HEAD_BYTES });
    }
    try {
      await read(object, content, intake, format, afterBlock, signal);
    } finally {
      await content.close();
    }
    return content.form === "empty" ? undefined : beginningOf(object, content);
  } finally {
    body.destroy();
  }
}

/** Parquet begins with its first column, of which many files have the same: their size has to be the same as well. */
function beginningOf({ size }: LogObject, { form, head }: Content): string {
  const hash = createHash("sha256").update(head.subarray(0, HEAD_BYTES));
  return hash.update(form === "parquet" ? ` ${size}` : "").digest("base64");
}

async function read(
  object: LogObject,
  content: Content,
  intake: RecordIntake,
  format: TextFormat,
  afterBlock: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { key } = object;
  const { form, blocks, layers } = content;
  if (form === "text" || form === "json") {
    const reader =
      form === "text" ? new TextReader(key, intake, format) : await jsonReader(key, intake, format);
    for await (const block of blocks) {
      reader.push(block);
      await afterBlock();
      signal.throwIfAborted();
    }
    reader.end();
  } else if (form === "parquet") {
    const file = layers > 0 ? inMemory(object, await expanded(key, blocks)) : replayed(object, blocks);
    // Its decoders take as long to load as everything else together.
    const { readParquet } = await import("./read-parquet.js");
    await readParquet(file, intake, format.addresses, afterBlock, signal);
  } else if (form === "utf-16") {
    throw new CorruptInputError(`${key}: expected text in UTF-8, got UTF-16: save it as UTF-8`);
  } else if (form !== "empty") {
    throw new CorruptInputError(
      `${key}: expected text, gzip or Parquet, got ${form}: unpack it, or compress it with gzip`,
    );
  }
}

/** The object, the beginning of whose bytes was read already. */
function replayed(object: LogObject, blocks: AsyncIterable<Buffer>): LogObject {
  let taken = object.size > PARQUET_WHOLE_BYTES;
  return {
    ...object,
    open: (signal, range) => {
      if (taken || range !== undefined) return object.open(signal, range);
      taken = true;
      return Readable.from(blocks);
    },
  };
}

async function expanded(key: string, blocks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  let size = 0;
  for await (const block of blocks) {
    size += block.length;
    if (size > MAX_EXPANDED_PARQUET) {
      throw new CorruptInputError(
        `${key}: expected Parquet of at most ${MAX_EXPANDED_PARQUET} bytes inside gzip, got more: unpack it`,
      );
    }
    all.push(block);
  }
  return Buffer.concat(all);
}

async function jsonReader(key: string, intake: RecordIntake, format: TextFormat): Promise<JsonReader> {
  // As with Parquet, what reads it is loaded only where it is needed.
  const { JsonReader: Reader } = await import("../../flow-log/json-reader.js");
  return new Reader(key, intake, format);
}
