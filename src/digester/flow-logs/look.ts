import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { CorruptInputError } from "../../errors.js";
import { canBeFlowLogText } from "../../flow-log/recognise.js";
import { contentOf, type Content } from "./content.js";
import { isClosed, type Form } from "./form.js";
import type { LogObject } from "./source.js";

/** What a look at the beginning of a file says: `maybe` must be read, or refused with what to do. */
export interface Look {
  readonly verdict: "maybe" | "foreign" | "empty";
  /** The file, with its bytes at hand where these are all of it. */
  readonly object: LogObject;
}

/** So many bytes are read to look, in one request. */
const LOOK_BYTES = 64 * 1024;

/**
 * Looks whether a file that AWS didn't name can be a flow log. Its name doesn't tell, unless it is compressed in a way
 * that isn't read here.
 *
 * @param formats of records without a header
 */
export async function look(
  object: LogObject,
  formats: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<Look> {
  if (object.size === 0) return { verdict: "empty", object };
  const whole = object.size <= LOOK_BYTES ? await object.read(signal) : undefined;
  const isWhole = whole !== undefined;
  const bytes = whole ?? (await buffer(object.open(signal, { start: 0, end: LOOK_BYTES })));
  const looked = isWhole ? inMemory(object, bytes) : object;
  const content = await beginning(object.key, bytes, isWhole);
  // Compressed, but not within the rules: reading it says what is wrong.
  if (content === undefined) return { verdict: "maybe", object: looked };
  const { form, head } = content;
  if (form === "text" && head.length < LOOK_BYTES && head.toString("latin1").trim() === "") {
    return { verdict: "empty", object: looked };
  }
  const maybe = await canBe(looked, content, formats, signal);
  return { verdict: maybe ? "maybe" : "foreign", object: looked };
}

interface Beginning extends Pick<Content, "form" | "head" | "layers"> {
  /** Whether the head is all there is. */
  readonly isAll: boolean;
}

async function canBe(
  object: LogObject,
  { form, head, layers, isAll }: Beginning,
  formats: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<boolean> {
  if (isClosed(form)) return mayHoldFlowLogs(object.key, form, head);
  // What reads Parquet and JSON takes as long to load as everything else together.
  if (form === "parquet" && layers === 0) {
    const { isForeignParquet } = await import("./foreign-parquet.js");
    return !(await isForeignParquet(object, signal));
  }
  if (form === "json") {
    const { canBeJson } = await import("./json-look.js");
    return canBeJson(head, isAll, formats);
  }
  // What is empty here or Parquet is compressed: more can't be told from its beginning.
  return form === "empty" || form === "parquet" || canBeText(form, head, formats);
}

/** An object whose bytes are here. */
export function inMemory(object: LogObject, bytes: Buffer): LogObject {
  return {
    ...object,
    size: bytes.length,
    open: (_, { start, end } = { start: 0, end: bytes.length }) =>
      Readable.from([bytes.subarray(start, end)]),
    read: () => Promise.resolve(bytes),
    reuse: undefined,
  };
}

/** The content's first bytes; undefined where they can't be expanded so far that there is a line. */
async function beginning(name: string, bytes: Buffer, isWhole: boolean): Promise<Beginning | undefined> {
  for (const isCut of isWhole ? [false, true] : [true]) {
    try {
      const content = await contentOf(name, bytes, { headBytes: LOOK_BYTES, isCut });
      await content.close();
      if (isWhole && isCut && !content.head.includes("\n")) return undefined;
      const { form, head, layers } = content;
      return { form, head, layers, isAll: isWhole && !isCut && head.length < LOOK_BYTES };
    } catch (error) {
      if (!(error instanceof CorruptInputError)) throw error;
    }
  }
  return undefined;
}

function canBeText(form: Form, head: Buffer, formats: readonly (readonly string[])[]): boolean {
  const text =
    form === "utf-16"
      ? head.toString("latin1").replaceAll(/\0|^(?:\xff\xfe|\xfe\xff)/g, "")
      : head.toString();
  return canBeFlowLogText(text.replace(/^\uFEFF/, ""), formats);
}

/** What flow logs are kept in besides the usual, by the extension of what is compressed. */
const EXTENSIONS = /(?:^|\/)[^/]*\.(?:log|txt|csv|json|parquet)$|(?:^|\/)[^./]*$/i;
const FLOW_LOG = /flow|AWSLogs|vpc/i;

/**
 * Nobody knows what is in it, so the name of what was compressed tells: `flows.log.bz2` may be a flow log, `dump.sql.xz`
 * isn't one. Archives are mostly something else, unless the name of their first file says so.
 */
function mayHoldFlowLogs(key: string, form: Form, head: Buffer): boolean {
  const inner = key.replace(/\.[^./]*$/, "");
  if (form === "zip" || form === "tar") {
    // A zip that is cut in its first header names nothing.
    const nameLength = head.length < 30 ? 0 : head.readUInt16LE(26);
    const [from, length] = form === "zip" ? [30, nameLength] : [0, 100];
    const [first = ""] = head.toString("latin1", from, from + length).split("\0");
    return FLOW_LOG.test(first) || /\.log(?:\.gz)?$/i.test(first);
  }
  if (form === "7z" || form === "rar") return FLOW_LOG.test(inner.slice(inner.lastIndexOf("/") + 1));
  return EXTENSIONS.test(inner);
}
