import { hash } from "node:crypto";
import { Readable } from "node:stream";
import { CorruptInputError } from "../../errors.js";
import type { TextFormat } from "../../flow-log/line-layout.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { SumReader } from "../../flow-log/sum-reader.js";
import { TextReader } from "../../flow-log/text-reader.js";
import { nextTurn, turnIsOver } from "../../turn.js";
import { contentOf, type Content } from "./content.js";
import { inMemory } from "./look.js";
import { PARQUET_WHOLE_BYTES, SMALL_BYTES, type LogObject } from "./source.js";

/** Parquet that is compressed as a whole has to be held in memory. */
const MAX_EXPANDED_PARQUET = 128 * 1024 * 1024;

/** A quarter of a millisecond of reading lines, after which others may have their turn. */
const STRETCH_BYTES = 32 * 1024;

/** Enough to hold some records, whatever comes before them. */
const HEAD_BYTES = 4096;

/** Takes in the records of files, one after the other, in whatever form their first bytes say they are. */
export class ContentReader {
  readonly #intake: RecordIntake;
  readonly #format: TextFormat;
  readonly #afterBlock: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #text: TextReader;

  /** @param afterBlock is awaited now and then, with all records taken in that were read so far */
  constructor(
    intake: RecordIntake,
    format: TextFormat,
    afterBlock: () => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#intake = intake;
    this.#format = format;
    this.#afterBlock = afterBlock;
    this.#signal = signal;
    this.#text = new TextReader("", intake, format);
  }

  /**
   * @returns what stands for the file's first bytes, the same however it is compressed; undefined when it is empty
   * @throws CorruptInputError naming the object, or whatever the object's stream or `afterBlock` failed with
   */
  async read(object: LogObject): Promise<string | undefined> {
    const { key, format, size } = object;
    const small = size <= SMALL_BYTES ? await object.read(this.#signal) : undefined;
    if (small !== undefined) {
      const content = await contentOf(key, small, { headBytes: HEAD_BYTES });
      return this.#take(inMemory(object, small), content);
    }
    const isLarge = format === "parquet" && size > PARQUET_WHOLE_BYTES;
    let body = object.open(this.#signal, isLarge ? { start: 0, end: HEAD_BYTES } : undefined);
    try {
      let content = await contentOf(key, body, { headBytes: HEAD_BYTES, isCut: isLarge });
      if (isLarge && (content.form !== "parquet" || content.layers > 0)) {
        body.destroy();
        body = object.open(this.#signal);
        content = await contentOf(key, body, { headBytes: HEAD_BYTES });
      }
      return await this.#take(object, content);
    } finally {
      body.destroy();
    }
  }

  async #take(object: LogObject, content: Content): Promise<string | undefined> {
    const { key } = object;
    const { form, blocks, layers } = content;
    try {
      if (object.sums !== undefined && form !== "empty") {
        await this.#takeLines(new SumReader(key, this.#intake, object.sums), blocks);
      } else if (form === "text") {
        this.#text.begin(key);
        // Its first bytes are looked at again, and zlib may read on when nobody waits for it any more.
        const { reuse = () => undefined } = layers === 0 ? object : {};
        await this.#takeLines(this.#text, blocks, (block) => block !== content.head && reuse(block));
      } else if (form === "json") {
        // As with Parquet, what reads it is loaded only where it is needed.
        const { JsonReader } = await import("../../flow-log/json-reader.js");
        await this.#takeLines(new JsonReader(key, this.#intake, this.#format), blocks);
      } else if (form === "parquet") {
        const file = layers > 0 ? inMemory(object, await expanded(key, blocks)) : replayed(object, blocks);
        // Its decoders take as long to load as everything else together.
        const { readParquet } = await import("./read-parquet.js");
        await readParquet(file, this.#intake, this.#format.addresses, this.#afterBlock, this.#signal);
      } else if (form === "utf-16") {
        throw new CorruptInputError(`${key}: expected text in UTF-8, got UTF-16: save it as UTF-8`);
      } else if (form !== "empty") {
        throw new CorruptInputError(
          `${key}: expected text, gzip or Parquet, got ${form}: unpack it, or compress it with gzip`,
        );
      }
    } finally {
      await content.close();
    }
    return form === "empty" ? undefined : beginningOf(object, content);
  }

  /** @param taken is called when a block is read no more */
  async #takeLines(
    reader: Pick<TextReader, "push" | "end">,
    blocks: Content["blocks"],
    taken: (block: Buffer) => void = () => undefined,
  ): Promise<void> {
    for await (const block of blocks) {
      for (let at = 0; at < block.length; at += STRETCH_BYTES) {
        if (turnIsOver()) await nextTurn();
        reader.push(block.subarray(at, at + STRETCH_BYTES));
      }
      taken(block);
      await this.#afterBlock();
      this.#signal.throwIfAborted();
    }
    reader.end();
  }
}

/** Parquet begins with its first column, of which many files have the same: their size has to be the same as well. */
function beginningOf({ size }: LogObject, { form, head }: Content): string {
  const digest = hash("sha256", head.subarray(0, HEAD_BYTES), "base64");
  return form === "parquet" ? `${digest} ${size}` : digest;
}

/** The object, the beginning of whose bytes was read already. */
function replayed(object: LogObject, blocks: Content["blocks"]): LogObject {
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

async function expanded(key: string, blocks: Content["blocks"]): Promise<Buffer> {
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
