import { buffer } from "node:stream/consumers";
import { ForeignFileError } from "./foreign-file-error.js";
import { flowColumns } from "./parquet-columns.js";
import { readFooter } from "../../parquet/footer.js";
import type { LogObject } from "./source.js";

/**
 * Whether a Parquet file has nothing of a flow log, told by its footer alone. A damaged one may have been one.
 *
 * @throws whatever the object's stream fails with
 */
export async function isForeignParquet(object: LogObject, signal: AbortSignal): Promise<boolean> {
  let failure: Error | undefined;
  const slice = async (start: number, end: number): Promise<ArrayBuffer> => {
    try {
      return Uint8Array.from(await buffer(object.open(signal, { start, end }))).buffer;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  };
  try {
    flowColumns(object.key, (await readFooter({ byteLength: object.size, slice })).schema);
    return false;
  } catch (error) {
    if (failure !== undefined) throw failure;
    return error instanceof ForeignFileError;
  }
}
