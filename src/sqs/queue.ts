import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import { type CredentialSource, credentialSource } from "../aws/credentials.js";
import { withDeadline } from "../deadline.js";
import { createClient } from "./client.js";
import { queueError } from "./errors.js";
import type { QueueOptions } from "./open-queue.js";

/** Milliseconds that a call may take: each attempt, and all of them together. */
interface Deadline {
  readonly attemptMs: number;
  readonly totalMs: number;
}

interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

const SMALL_CALL: Deadline = { attemptMs: 3000, totalMs: 8000 };
const READY_CALL: Deadline = { attemptMs: 2000, totalMs: 5000 };
/** As long as SQS lets a receiver wait. */
const WAIT_SECONDS = 20;
const LONG_POLL: Deadline = { attemptMs: 28_000, totalMs: 40_000 };

/** One message of several, as it was received. */
export interface Message {
  readonly id: string;
  readonly body: string;
  /** Names this receipt of it. */
  readonly receipt: string;
  /** How often it has been received, this time included. Other services than AWS may not count: then 1. */
  readonly receives: number;
}

const RedrivePolicy = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ maxReceiveCount: z.coerce.number() }));

/** One queue: calls with deadlines, failures as DependencyError("queuer"). All may be called concurrently. */
export class Queue {
  readonly url: string;
  readonly #source: CredentialSource;
  readonly #client: SQSClient;
  readonly #patience: number;

  private constructor(url: string, source: CredentialSource, client: SQSClient, patience: number) {
    this.url = url;
    this.#source = source;
    this.#client = client;
    this.#patience = patience;
  }

  /** Makes no connection until it is used. */
  static async open({ url, credentials, patience = 1 }: QueueOptions): Promise<Queue> {
    const source = credentialSource(credentials);
    return new Queue(url.href, source, await createClient(url, source), patience);
  }

  /** Rejects when the settings alone show that no call can succeed. Asks nobody. */
  async checkSettings(): Promise<void> {
    try {
      await this.#source.check?.();
    } catch (error) {
      throw queueError(error, { action: this.url, queue: this.url, source: this.#source.description });
    }
  }

  /** @param delaySeconds 0 to 900; it isn't delivered before */
  async send(body: string, delaySeconds: number, signal: AbortSignal): Promise<void> {
    const send = new SendMessageCommand({
      QueueUrl: this.url,
      MessageBody: body,
      ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
    });
    await this.#call("SendMessage", signal, (options) => this.#client.send(send, options));
  }

  /** Waits for messages: some seconds, then there are none. Nobody else receives them for `visibilitySeconds`. */
  async receive(max: number, visibilitySeconds: number, signal: AbortSignal): Promise<Message[]> {
    const receive = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: Math.min(max, 10),
      WaitTimeSeconds: WAIT_SECONDS,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    const { Messages = [] } = await this.#call(
      "ReceiveMessage",
      signal,
      (options) => this.#client.send(receive, options),
      LONG_POLL,
    );
    return Messages.map(({ MessageId = "", Body = "", ReceiptHandle = "", Attributes }) => ({
      id: MessageId,
      body: Body,
      receipt: ReceiptHandle,
      receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
    }));
  }

  /** From now on nobody receives the message for so many seconds. */
  async hide({ receipt }: Message, seconds: number, signal: AbortSignal): Promise<void> {
    const change = new ChangeMessageVisibilityCommand({
      QueueUrl: this.url,
      ReceiptHandle: receipt,
      VisibilityTimeout: seconds,
    });
    await this.#call("ChangeMessageVisibility", signal, (options) => this.#client.send(change, options));
  }

  async delete({ receipt }: Message, signal: AbortSignal): Promise<void> {
    const remove = new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle: receipt });
    await this.#call("DeleteMessage", signal, (options) => this.#client.send(remove, options));
  }

  /** After how many receives a message goes to the dead-letter queue; undefined: there is none. */
  async maxReceives(signal: AbortSignal): Promise<number | undefined> {
    const get = new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: ["RedrivePolicy"] });
    const { Attributes } = await this.#call(
      "GetQueueAttributes",
      signal,
      (options) => this.#client.send(get, options),
      READY_CALL,
    );
    return RedrivePolicy.safeParse(Attributes?.["RedrivePolicy"]).data?.maxReceiveCount;
  }

  close(): void {
    this.#client.destroy();
  }

  async #call<T>(
    operation: string,
    signal: AbortSignal,
    run: (options: SendOptions) => Promise<T>,
    { attemptMs, totalMs }: Deadline = SMALL_CALL,
  ): Promise<T> {
    const action = `${operation} ${this.url}`;
    const wait = { dependency: "queuer", doing: action, ms: this.#patience * totalMs } as const;
    return withDeadline(wait, signal, async (abortSignal) => {
      try {
        return await run({ abortSignal, requestTimeout: this.#patience * attemptMs });
      } catch (error) {
        throw queueError(error, { action, queue: this.url, source: this.#source.description });
      }
    });
  }
}
