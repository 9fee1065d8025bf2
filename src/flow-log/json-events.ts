import { messageOf } from "../errors.js";
import { none } from "stream-chain/defs.js";
import { jsonParser, type Token } from "stream-json/core/parser.js";
import { relevantField } from "./columns.js";

/** What is found in JSON that holds flow logs. */
export interface JsonSink {
  /** Lines of a log, as CloudWatch, Firehose and what comes after them wrap them. */
  message(text: string): void;
  /** A record whose fields have names of their own. Absent values are `-`. */
  record(fields: ReadonlyMap<string, string>): void;
  /** What CloudWatch sends to see whether anybody is there: holds nothing, and is no fault. */
  control?(): void;
  /** A record like that, in a place where it isn't known what is beside it. */
  misplaced(): void;
}

/** An object or array that has begun. */
interface Frame {
  readonly isArray: boolean;
  /** What is in it is a copy of a message's parts. */
  readonly ignored: boolean;
  key: string;
  message: string | undefined;
  /** The first text that can be a record, whatever its name. */
  line: string | undefined;
  /** `field` and `value`, as CloudWatch Logs Insights answers. */
  field: string | undefined;
  value: string | undefined;
  hasRecord: boolean;
  /** There was a message among its items. */
  hasMessage: boolean;
  readonly fields: Map<string, string>;
}

type Tokens = ReturnType<ReturnType<typeof jsonParser>>;

/** No record is shorter: what is needn't be looked at. */
const MIN_LINE = 20;
/** Bytes in which there must be something whole: messages are at most 1 MiB in CloudWatch and Firehose. */
const MAX_VALUE = 2 * 1024 * 1024;
const MAX_DEPTH = 64;
/** What CloudWatch sends to see whether anybody is there. */
const CONTROL_MESSAGE = "CWL CONTROL MESSAGE:";

/**
 * Finds messages and records in JSON of any form: values one after another, with or without newlines between, arrays, or
 * one large object. Of what is open at a time it keeps little, so that memory doesn't grow with the document.
 */
export class JsonEvents {
  readonly #sink: JsonSink;
  readonly #isLine: (text: string) => boolean;
  readonly #parse = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true });
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #open: Frame[] = [];
  #pending = 0;

  /** @param isLine whether a text can be a record, so that it is one whatever it is called */
  constructor(sink: JsonSink, isLine: (text: string) => boolean) {
    this.#sink = sink;
    this.#isLine = isLine;
  }

  /** @throws JsonError, or whatever the sink throws */
  push(piece: Uint8Array): void {
    this.#take(() => this.#parse(this.#decoder.decode(piece, { stream: true })));
    this.#pending += piece.length;
    if (this.#pending > MAX_VALUE) throw new JsonError(`expected values of at most ${MAX_VALUE} bytes`);
  }

  /** @throws JsonError when something is left open, or whatever the sink throws */
  end(): void {
    this.#take(() => this.#parse(this.#decoder.decode()));
    // A flushable takes `none` for the end of its input, which its type leaves out.
    this.#take((): Tokens => Reflect.apply(this.#parse, undefined, [none]));
    if (this.#open.length > 0) throw new JsonError("it ends in the middle of a value");
  }

  #take(parse: () => Tokens): void {
    let tokens: Tokens;
    try {
      tokens = parse();
    } catch (error) {
      throw new JsonError(messageOf(error), { cause: error });
    }
    if (tokens === none) return;
    this.#pending = 0;
    for (const token of tokens.values) this.#token(token);
  }

  #token(token: Token): void {
    const frame = this.#open.at(-1);
    if (token.name === "keyValue") {
      if (frame !== undefined) frame.key = token.value;
    } else if (token.name === "startObject" || token.name === "startArray") {
      if (this.#open.length === MAX_DEPTH) throw new JsonError(`expected at most ${MAX_DEPTH} levels`);
      this.#open.push(frameIn(frame, token.name === "startArray"));
    } else if (token.name === "endObject" || token.name === "endArray") {
      this.#open.pop();
      if (frame !== undefined && !frame.ignored) this.#finish(frame, this.#open.at(-1));
    } else if (token.name === "stringValue") {
      this.#string(token.value, frame);
    } else if (token.name === "numberValue") {
      keep(frame, token.value);
    } else if (token.name === "nullValue") {
      keep(frame, "-");
    }
  }

  #string(text: string, frame: Frame | undefined): void {
    if (frame === undefined || frame.isArray) {
      if (frame?.ignored !== true && this.#canBeLine(text)) this.#sink.message(text);
      return;
    }
    if (frame.ignored) return;
    const { key } = frame;
    if (key === "message" || key === "@message") frame.message = text;
    else if (key === "field") frame.field = text;
    else if (key === "value") frame.value = text;
    else if (frame.line === undefined && this.#canBeLine(text)) frame.line = text;
    keep(frame, text === "" ? "-" : text);
  }

  #canBeLine(text: string): boolean {
    return text.length >= MIN_LINE && this.#isLine(text);
  }

  #finish(frame: Frame, parent: Frame | undefined): void {
    const message = frame.message ?? (frame.field === "@message" ? frame.value : frame.line);
    if (message !== undefined) {
      if (message.startsWith(CONTROL_MESSAGE)) this.#sink.control?.();
      else this.#sink.message(message);
      if (parent?.isArray === true) parent.hasMessage = true;
    } else if (frame.hasMessage) {
      // Whose parts its fields are.
    } else if (isRecord(frame.fields)) {
      if (parent === undefined || parent.isArray) this.#sink.record(frame.fields);
      else parent.hasRecord = true;
    } else if (frame.field !== undefined && parent?.isArray === true) {
      // A row of CloudWatch Logs Insights: each of its fields is an object.
      const field = relevantField(frame.field);
      if (field !== undefined) parent.fields.set(field, frame.value ?? "-");
    } else if (frame.hasRecord) {
      this.#sink.misplaced();
    }
  }
}

/** JSON that isn't sound, or not within bounds. */
export class JsonError extends Error {
  override name = "JsonError";
}

function frameIn(parent: Frame | undefined, isArray: boolean): Frame {
  return {
    isArray,
    ignored: parent !== undefined && (parent.ignored || parent.key === "extractedFields"),
    key: "",
    message: undefined,
    line: undefined,
    field: undefined,
    value: undefined,
    hasRecord: false,
    hasMessage: false,
    fields: new Map(),
  };
}

function keep(frame: Frame | undefined, text: string): void {
  if (frame === undefined || frame.isArray || frame.ignored) return;
  const name = relevantField(frame.key);
  if (name !== undefined) frame.fields.set(name, text);
}

/** Whether an object is a record: both addresses have a name, or there is none because nothing flowed. */
function isRecord(fields: ReadonlyMap<string, string>): boolean {
  const has = (field: string) => fields.has(field) || fields.has(`pkt-${field}`);
  return (has("srcaddr") && has("dstaddr")) || /^(?:NODATA|SKIPDATA)$/.test(fields.get("log-status") ?? "");
}
