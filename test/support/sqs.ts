import { buildApp } from "fauxqs";
import { z } from "zod";
import { HttpServer, type ReceivedRequest } from "./http-server.js";

const Messages = z.array(z.object({ body: z.string(), approximateReceiveCount: z.number() }));
const Inspected = z.object({
  messages: z.object({
    ready: Messages,
    delayed: Messages,
    inflight: z.array(z.object({ message: z.object({ body: z.string() }), visibilityDeadline: z.number() })),
  }),
});
const EMULATED = "http://sqs.us-east-1.localhost";
const JSON_TYPE = "application/x-amz-json-1.0";

const QUEUE = "jobs";
const DEAD_LETTERS = "dead-letters";

function headersOf(operation: string) {
  return { "content-type": JSON_TYPE, "x-amz-target": `AmazonSQS.${operation}` };
}

type Emulator = ReturnType<typeof buildApp>;

/** SQS, as fauxqs knows it, behind a server that misbehaves when told to. Its queue has dead letters unless told otherwise. */
export class SqsServer {
  readonly server: HttpServer;
  readonly #emulator: Emulator;
  /** As STREAM_APPLIANCE_ENDPOINT takes it. */
  readonly endpoint: string;

  private constructor(server: HttpServer, emulator: Emulator) {
    this.server = server;
    this.#emulator = emulator;
    this.endpoint = `sqs+${server.url.href}000000000000/${QUEUE}`;
  }

  static async start({ maxReceives }: { maxReceives?: number | undefined } = { maxReceives: 5 }) {
    const emulator = buildApp({ logger: false });
    const server = await HttpServer.start(({ url, headers, body }, response) => {
      // It knows its queues by whole URLs, with a host of its own.
      const payload = body.replaceAll(url.origin, EMULATED);
      const { "content-length": _, ...rest } = headers;
      void emulator
        .inject({ method: "POST", url: "/", headers: rest, payload })
        .then(({ statusCode, rawPayload }) =>
          response.writeHead(statusCode, { "content-type": JSON_TYPE }).end(rawPayload),
        );
    });
    const create = async (QueueName: string, Attributes: Record<string, string>) => {
      const headers = { ...headersOf("CreateQueue"), host: "localhost" };
      const payload = JSON.stringify({ QueueName, Attributes });
      await emulator.inject({ method: "POST", url: "/", headers, payload });
    };
    const redrive = {
      deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${DEAD_LETTERS}`,
      maxReceiveCount: maxReceives,
    };
    await create(DEAD_LETTERS, {});
    await create(QUEUE, maxReceives === undefined ? {} : { RedrivePolicy: JSON.stringify(redrive) });
    return new SqsServer(server, emulator);
  }

  /** What others would send. */
  async send(MessageBody: string): Promise<void> {
    const payload = JSON.stringify({ QueueUrl: `${EMULATED}/000000000000/${QUEUE}`, MessageBody });
    await this.#emulator.inject({ method: "POST", url: "/", headers: headersOf("SendMessage"), payload });
  }

  async messages(queue = QUEUE): Promise<z.infer<typeof Inspected>["messages"]> {
    const answer = await this.#emulator.inject({ method: "GET", url: `/_fauxqs/queues/${queue}` });
    return Inspected.parse(answer.json()).messages;
  }

  /** How many messages there are, in whatever state. */
  async count(queue = QUEUE): Promise<number> {
    const { ready, delayed, inflight } = await this.messages(queue);
    return ready.length + delayed.length + inflight.length;
  }

  /** What the queue has given up. */
  async deadLetters(): Promise<string[]> {
    return (await this.messages(DEAD_LETTERS)).ready.map(({ body }) => body);
  }

  /** The requests of one operation so far, as they were sent. */
  calls(operation: string): unknown[] {
    const isOne = ({ headers }: ReceivedRequest) => headers["x-amz-target"] === `AmazonSQS.${operation}`;
    return this.server.requests.filter(isOne).map(({ body }) => JSON.parse(body) as unknown);
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.#emulator.close()]);
  }
}
