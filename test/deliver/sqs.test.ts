import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Fate } from "../../src/deliverer.js";
import { SqsConsumer, type SqsConsumerOptions } from "../../src/deliver/sqs.js";
import { CorruptInputError } from "../../src/errors.js";
import { queueUrl } from "../../src/sqs/queue-url.js";
import { reset } from "../support/faults.js";
import { SqsServer } from "../support/sqs.js";

const error = new Error("it rained");
const done: Fate = { fate: "done" };
const Event = z.looseObject({ level: z.number(), message: z.string(), reason: z.string() });
const Hidden = z.array(z.object({ VisibilityTimeout: z.number() }));
const Received = z.array(z.object({ MaxNumberOfMessages: z.number(), VisibilityTimeout: z.number() }));

let sqs: SqsServer;
let consumer: SqsConsumer;
let events: { level: number; message: string; reason?: string }[];
/** What was delivered, each with what to answer. */
let delivered: { message: unknown; answer: (fate: Fate) => void }[];

beforeEach(async () => {
  sqs = await SqsServer.start();
  [events, delivered] = [[], []];
});

afterEach(async () => {
  for (const { answer } of delivered) answer(done);
  await consumer.drain();
  await consumer.stop();
  await sqs.close();
});

function write(line: string): void {
  events.push(Event.parse(JSON.parse(line)));
}

async function start(options: Partial<SqsConsumerOptions> = {}, from = sqs): Promise<void> {
  consumer = new SqsConsumer({
    url: queueUrl.parse(from.endpoint),
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    slots: 2,
    progressTimeoutMs: 60_000,
    retryDelayMs: 60_000,
    ...options,
  });
  await consumer.start(
    (message) => new Promise((answer) => void delivered.push({ message, answer })),
    pino({ messageKey: "message" }, { write }),
  );
}

async function hiddenFor(): Promise<number[]> {
  return Hidden.parse(sqs.calls("ChangeMessageVisibility")).map((each) => each.VisibilityTimeout);
}

describe("what becomes of a message", () => {
  test.for([
    ["done", done, undefined],
    ["never", { fate: "drop", error: new CorruptInputError("cut") }, undefined],
    ["later", { fate: "later", afterMs: 7000, error }, 7],
    ["failed", { fate: "again", error }, 60],
  ] as const)("%s", async ([, fate, seconds]) => {
    await start();
    await sqs.send('{"id":"1","start":"x","stop":"y"}');
    await expect.poll(() => delivered).toHaveLength(1);
    expect(delivered[0]?.message).toEqual({ id: "1", start: "x", stop: "y" });
    delivered[0]?.answer(fate);
    if (seconds === undefined) await expect.poll(() => sqs.count()).toBe(0);
    else await expect.poll(hiddenFor).toEqual([seconds]);
    expect(await sqs.count()).toBe(seconds === undefined ? 0 : 1);
  });

  test("an envelope of a bus is opened", async () => {
    await start();
    await sqs.send(JSON.stringify({ Type: "Notification", Message: '{"start":"x","stop":"y"}' }));
    await expect.poll(() => delivered.map(({ message }) => message)).toEqual([{ start: "x", stop: "y" }]);
  });

  test.for(["hello", '{"a":1}', "[]"])("what is no job is deleted, and told of: %s", async (body) => {
    await start();
    await sqs.send(body);
    await expect.poll(() => sqs.count()).toBe(0);
    await expect.poll(() => events).toMatchObject([{ message: "invalid-input" }]);
    expect(delivered).toEqual([]);
  });

  test("what can't be deleted is seen again", async () => {
    await start({ progressTimeoutMs: 1000 });
    await sqs.send('{"start":"x","stop":"y"}');
    await expect.poll(() => delivered).toHaveLength(1);
    sqs.server.down = reset;
    delivered[0]?.answer(done);
    await expect.poll(() => events.some(({ reason = "" }) => reason.startsWith("DeleteMessage"))).toBe(true);
    sqs.server.down = undefined;
    await expect.poll(() => delivered).toHaveLength(2);
    delivered[1]?.answer(done);
    await expect.poll(() => sqs.count()).toBe(0);
  });
});

test("no more is received than is worked at once", async () => {
  for (let n = 0; n < 5; n++) await sqs.send(`{"start":"${n}","stop":"y"}`);
  await start();
  await expect.poll(() => delivered).toHaveLength(2);
  expect((await sqs.messages()).ready).toHaveLength(3);
  delivered[0]?.answer(done);
  await expect.poll(() => delivered).toHaveLength(3);
  expect((await sqs.messages()).ready).toHaveLength(2);
  const received = Received.parse(sqs.calls("ReceiveMessage"));
  expect(received.map((each) => each.MaxNumberOfMessages)).toEqual([2, 1]);
  expect(received.map((each) => each.VisibilityTimeout)).toEqual([90, 90]);
});

test("while a job runs, nobody else sees its message", async () => {
  await start({ progressTimeoutMs: 1000 });
  await sqs.send('{"start":"x","stop":"y"}');
  await expect.poll(() => delivered).toHaveLength(1);
  // Four thirds of what it is unseen for.
  await expect.poll(hiddenFor).toEqual([2, 2, 2, 2]);
  expect(delivered).toHaveLength(1);
  delivered[0]?.answer(done);
  await expect.poll(() => sqs.count()).toBe(0);
});

test("a queue that fails is tried again, and told of", async () => {
  sqs.server.down = reset;
  await start();
  await expect.poll(() => events).toMatchObject([{ message: "dependency-failure", level: 50 }]);
  sqs.server.down = undefined;
  await sqs.send('{"start":"x","stop":"y"}');
  await expect.poll(() => delivered).toHaveLength(1);
});

test("after a drain nothing is received, and what is worked on has its end", async () => {
  await start();
  await sqs.send('{"start":"x","stop":"y"}');
  await expect.poll(() => delivered).toHaveLength(1);
  await consumer.drain();
  await sqs.send('{"start":"late","stop":"y"}');
  const stopped = consumer.stop();
  delivered[0]?.answer({ fate: "later", afterMs: 1000, error });
  await stopped;
  expect(await hiddenFor()).toEqual([1]);
  expect(delivered).toHaveLength(1);
});

test.for([
  [undefined, /has no dead-letter queue/],
  [3, /after 3 receives, fewer than 5/],
] as const)("a queue that redrives after %s receives is warned of", async ([maxReceives, reason]) => {
  const other = await SqsServer.start({ maxReceives });
  try {
    await start({}, other);
    await expect.poll(() => events).toMatchObject([{ message: "queue-settings", level: 40 }]);
    expect(events[0]?.reason).toMatch(reason);
  } finally {
    await consumer.drain();
    await other.close();
  }
});
