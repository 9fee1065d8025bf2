import type { Readable } from "node:stream";
import { PARQUET_WHOLE_BYTES, type LogObject } from "./source.js";

/**
 * The objects in their order, the next ones opened already: `limit` at once, each of which runs ahead of its reader as
 * far as its stream does. So what is on its way is bounded, and the one that is read never waits for those behind it.
 *
 * An object is closed when the next one is asked for.
 */
export function* prefetch(
  objects: readonly LogObject[],
  limit: number,
  signal: AbortSignal,
): Generator<LogObject> {
  const ahead: { readonly object: LogObject; readonly body: Readable | undefined }[] = [];
  const left = objects.values();
  const fill = () => {
    while (ahead.length < limit) {
      const next = left.next();
      if (next.done === true) return;
      const object = next.value;
      ahead.push({ object, body: isReadWhole(object) ? object.open(signal) : undefined });
    }
  };
  try {
    for (fill(); ahead[0] !== undefined; fill()) {
      const [{ object, body }] = ahead;
      yield body === undefined ? object : opened(object, body);
      body?.destroy();
      ahead.shift();
    }
  } finally {
    for (const { body } of ahead) body?.destroy();
  }
}

/** Large Parquet files are read by ranges that the reader alone knows. */
function isReadWhole({ format, size }: LogObject): boolean {
  return format !== "parquet" || size <= PARQUET_WHOLE_BYTES;
}

/** The object, whose bytes are on their way. */
function opened(object: LogObject, body: Readable): LogObject {
  let taken = false;
  return {
    ...object,
    open: (signal, range) => {
      if (taken || range !== undefined) return object.open(signal, range);
      taken = true;
      return body;
    },
  };
}
