import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CorruptInputError } from "../../errors.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { TextReader, type TextFormat } from "../../flow-log/text-reader.js";
import type { LogObject } from "./source.js";

/** Bytes expanded at a time: a millisecond or so of parsing, during which nothing else runs. */
const BLOCK = 128 * 1024;

/**
 * Takes in the records of a text file, expanding it when its first bytes are gzip's.
 *
 * @param afterBlock is awaited now and then, with all records taken in that were read so far
 * @throws CorruptInputError naming the object, or whatever the object's stream or `afterBlock` failed with
 */
export async function readText(
  object: LogObject,
  intake: RecordIntake,
  format: TextFormat,
  afterBlock: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const reader = new TextReader(object.key, intake, format);
  const parse = async (blocks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const block of blocks) {
      reader.push(block);
      await afterBlock();
    }
    reader.end();
  };
  const { head, blocks } = await peek(object.open(signal));
  if (head.length === 0 && object.key.endsWith(".gz")) {
    throw new CorruptInputError(`${object.key}: expected gzip, got an empty file`);
  }
  if (head[0] === 0x1f && head[1] === 0x8b) {
    try {
      await pipeline(blocks, createGunzip({ chunkSize: BLOCK }), parse, { signal });
    } catch (error) {
      if (!isZlibError(error)) throw error;
      throw new CorruptInputError(
        `${object.key}: expected whole and sound gzip, got an error: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  } else {
    await pipeline(blocks, parse, { signal });
  }
}

/** The first bytes, and the blocks with those bytes in front again. */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; blocks: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* rejoined(): AsyncGenerator<Buffer> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, blocks: rejoined() };
}

function isZlibError(error: unknown): error is Error {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_")
  );
}
