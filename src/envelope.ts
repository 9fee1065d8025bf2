import { z } from "zod";

/**
 * What buses put around a message that they deliver. Envelopes may lie in one another: an SNS notification in an SQS
 * record. Nothing that is written in one is ever done: no URL is followed, no subscription confirmed.
 */

/** Not a job, in whatever envelope. The message says what it looks like and what to set, and is meant for the deliverer. */
export class EnvelopeError extends Error {
  override name = "EnvelopeError";
}

/** What was found where a message should be, when it couldn't be read. */
class Unreadable {
  readonly description: string;

  constructor(description: string) {
    this.description = description;
  }
}

interface Opened {
  readonly name: string;
  /** What the part is called that holds the message. */
  readonly part: string;
  readonly content: unknown;
  /** How a bus is told to send something else. */
  readonly advice: string;
}

interface Kind<Schema extends z.ZodType> extends Omit<Opened, "content"> {
  readonly schema: Schema;
  readonly open: (envelope: z.infer<Schema>) => unknown;
}

function kind<Schema extends z.ZodType>({ schema, open, ...told }: Kind<Schema>) {
  return (value: unknown): Opened | undefined => {
    const envelope = schema.safeParse(value);
    return envelope.success ? { ...told, content: open(envelope.data) } : undefined;
  };
}

/** Every envelope that is opened, told by the keys that none of its senders leaves out. */
const KINDS = [
  kind({
    name: "an SNS notification",
    part: "Message",
    schema: z.object({ Type: z.literal("Notification"), Message: z.string() }),
    open: ({ Message }) => json(Message),
    advice: "publish the job itself, or set raw message delivery on the subscription",
  }),
  kind({
    name: "a record of SNS",
    part: "Sns",
    schema: z.object({ EventSource: z.literal("aws:sns"), Sns: z.unknown() }),
    open: ({ Sns }) => Sns,
    advice: "publish the job itself",
  }),
  kind({
    name: "an SQS record",
    part: "body",
    schema: z.object({ receiptHandle: z.string(), body: z.string() }),
    open: ({ body }) => json(body),
    advice: "send the job itself as the message",
  }),
  kind({
    name: "an SQS message",
    part: "Body",
    schema: z.object({ ReceiptHandle: z.string(), Body: z.string() }),
    open: ({ Body }) => json(Body),
    advice: "send the job itself as the message",
  }),
  kind({
    name: "an EventBridge event",
    part: "detail",
    schema: z.object({ "detail-type": z.string(), source: z.string(), detail: z.unknown() }),
    open: ({ detail }) => (typeof detail === "string" ? json(detail) : detail),
    advice: "set the input path of the rule's target to where the job is, such as $.detail.job",
  }),
  kind({
    name: "a CloudEvent",
    part: "data",
    schema: z.object({
      specversion: z.string(),
      type: z.string(),
      data: z.unknown().optional(),
      data_base64: z.string().optional(),
    }),
    open: ({ data, data_base64: encoded }) => {
      if (encoded !== undefined) return base64(encoded);
      return typeof data === "string" ? json(data) : data;
    },
    advice: "send the job itself as the event's data",
  }),
  kind({
    name: "a Pub/Sub push",
    part: "message.data",
    schema: z.object({
      subscription: z.string(),
      message: z.object({ data: z.string().default("") }),
    }),
    open: ({ message }) => base64(message.data),
    advice: "publish the job itself, or turn on payload unwrapping for the subscription",
  }),
];

/** What is known and never a job, with what to do instead. */
const REFUSED: readonly (readonly [z.ZodType, string])[] = [
  [
    z.object({ Type: z.enum(["SubscriptionConfirmation", "UnsubscribeConfirmation"]) }),
    "an SNS confirmation: URLs in bodies are never followed; confirm it yourself with `aws sns confirm-subscription`, then set raw message delivery",
  ],
  [
    z.object({ eventType: z.string(), eventTime: z.string(), subject: z.string() }),
    "an Event Grid event: set the delivery schema of the subscription to CloudEvents 1.0",
  ],
];

/** Bodies in which several messages may be. */
const Batch = z.union([
  z.array(z.unknown()),
  z.object({ Records: z.array(z.unknown()) }).transform(({ Records }) => Records),
  z.object({ Messages: z.array(z.unknown()) }).transform(({ Messages }) => Messages),
]);

/** Batches count too: an SNS notification in records of SQS is three layers. */
const MAX_LAYERS = 10;
const SHOWN_KEYS = 6;
const SHOWN_CHARACTERS = 40;

/**
 * The job in a body, whatever bus brought it; whether it is a right one is for `Job` to say.
 *
 * @param body as JSON.parse gives it
 * @throws EnvelopeError
 */
export function unwrap(body: unknown): unknown {
  let content = body;
  let around: Opened | undefined;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    if (has(content, "start") && has(content, "stop")) return content;
    const batch = Batch.safeParse(content);
    if (batch.success) {
      if (batch.data.length !== 1) throw new EnvelopeError(notOne(batch.data.length));
      [content] = batch.data;
      continue;
    }
    const opened = KINDS.map((open) => open(content)).find((found) => found !== undefined);
    if (opened === undefined) {
      const [, refusal] = REFUSED.find(([schema]) => schema.safeParse(content).success) ?? [];
      if (refusal !== undefined) throw new EnvelopeError(`this looks like ${refusal}`);
      // Half a job: what it lacks is said of it as of any other.
      if (["id", "start", "stop"].some((key) => has(content, key))) return content;
      throw new EnvelopeError(noJob(content, around));
    }
    ({ content } = opened);
    around = opened;
  }
  throw new EnvelopeError(
    `this is more than ${MAX_LAYERS - 1} envelopes in one another: send the job itself`,
  );
}

function notOne(count: number): string {
  const what = count === 0 ? "an empty batch" : `a batch of ${count}`;
  return `this looks like ${what}: expected one job a request; set the batch size to 1`;
}

/** What was sent ends its sentence in quotes: the log leaves it out. */
function noJob(content: unknown, around: Opened | undefined): string {
  const not = `not ${JSON.stringify(kindOf(content))}`;
  if (around === undefined) {
    return `expected a job, { "id", "start", "stop" }, or an envelope of SNS, SQS, EventBridge, CloudEvents or Pub/Sub around one, ${not}; have the bus deliver messages as they were sent`;
  }
  const { name, part, advice } = around;
  return `this looks like ${name}: expected a job as its ${part}, ${not}; ${advice}`;
}

function kindOf(value: unknown): string {
  if (value instanceof Unreadable) return value.description;
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return "a string in JSON";
  if (typeof value !== "object") return `a ${typeof value}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an object without keys";
  const shown = keys.slice(0, SHOWN_KEYS).map((key) => key.slice(0, SHOWN_CHARACTERS));
  return `an object with the keys ${shown.join(", ")}${keys.length > SHOWN_KEYS ? ", …" : ""}`;
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new Unreadable(text.trim() === "" ? "nothing" : "text that isn't JSON");
  }
}

function base64(text: string): unknown {
  if (!z.base64().safeParse(text).success) return new Unreadable("text that isn't base64");
  return json(Buffer.from(text, "base64").toString());
}
