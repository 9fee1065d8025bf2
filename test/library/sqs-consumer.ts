// A program whose jobs travel in a queue of messages, as SQS has them, with a Digester that asks somewhere else.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildApp,
  type Deliver,
  type Deliverer,
  type Digester,
  type Fate,
  MemoryMarker,
  MemoryStorage,
  type Queuer,
  Service,
  type TimeWindow,
  toMessage,
} from "vpcflow-grapherd";

const events: string[] = [];

interface Message {
  readonly body: string;
  visibleAt: number;
}

/** What is received stays, unseen for a while, until it is deleted. */
class Messages {
  readonly all = new Set<Message>();

  send(body: string): void {
    this.all.add({ body, visibleAt: 0 });
  }

  async receive(signal: AbortSignal): Promise<Message> {
    for (;;) {
      for (const message of this.all) {
        if (message.visibleAt > Date.now()) continue;
        message.visibleAt = Date.now() + 60_000;
        return message;
      }
      await sleep(10, undefined, { signal });
    }
  }
}

class SqsQueuer implements Queuer {
  constructor(readonly messages: Messages) {}

  async queue(...[job]: Parameters<Queuer["queue"]>) {
    this.messages.send(JSON.stringify(toMessage(job)));
  }
}

class SqsConsumer implements Deliverer {
  readonly fates: Fate["fate"][] = [];
  readonly #draining = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #receiving: Promise<void> | undefined;

  constructor(readonly messages: Messages) {}

  async start(deliver: Deliver) {
    events.push("consumer starts");
    this.#receiving = this.#receive(deliver);
  }

  async drain() {
    events.push("consumer drains");
    this.#draining.abort();
    await this.#receiving;
  }

  async stop() {
    await Promise.all(this.#inFlight);
    events.push("consumer stops");
  }

  async #receive(deliver: Deliver): Promise<void> {
    const { signal } = this.#draining;
    while (!signal.aborted) {
      const message = await this.messages.receive(signal).catch(() => undefined);
      if (message === undefined) return;
      const handled = this.#handle(message, deliver).finally(() => this.#inFlight.delete(handled));
      this.#inFlight.add(handled);
    }
  }

  async #handle(message: Message, deliver: Deliver): Promise<void> {
    const fate = await deliver(parse(message.body));
    this.fates.push(fate.fate);
    if (fate.fate === "done" || fate.fate === "drop") this.messages.all.delete(message);
    else message.visibleAt = Date.now() + (fate.fate === "later" ? fate.afterMs : 10);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fails once, as what runs elsewhere does. */
class RemoteDigester implements Digester {
  hold: Promise<void> = Promise.resolve();
  began = 0;

  async start() {
    events.push("digester starts");
  }

  async drain() {
    events.push("digester drains");
  }

  async stop() {
    events.push("digester stops");
  }

  async digest({ startDate }: TimeWindow) {
    if (++this.began === 1) throw new Error("the query was cancelled");
    await this.hold;
    const at = startDate.getTime() / 1000;
    const line = `2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 0 443 6 20 4249 ${at} ${at} ACCEPT OK\n`;
    return { body: Readable.from([Buffer.from(line)]) };
  }
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(10);
}

const messages = new Messages();
const consumer = new SqsConsumer(messages);
const digester = new RemoteDigester();
const storage = new MemoryStorage();
const service = new Service({
  storage,
  marker: new MemoryMarker(),
  queuer: new SqsQueuer(messages),
  digester,
  deliverers: [consumer],
});
const app = await buildApp(service);
const url = await app.listen({ host: "127.0.0.1", port: 0 });
assert.deepEqual(events, ["digester starts", "consumer starts"]);
const graph = (hour: number) =>
  `${url}/graph?start=2019-06-01T0${hour}:00:00Z&stop=2019-06-01T0${hour + 1}:00:00Z`;

// What is no job is dropped; a failure is delivered again.
messages.send("hello");
messages.send(JSON.stringify({ id: "8c45687b-675a-5def-9d96-7ad152a9a02e", start: "x", stop: "y" }));
await until(() => messages.all.size === 0);
assert.deepEqual(consumer.fates, ["drop", "drop"]);
assert.equal((await fetch(graph(0), { method: "POST" })).status, 202);
await until(() => messages.all.size === 0);
assert.deepEqual(consumer.fates, ["drop", "drop", "again", "done"]);
assert.equal((await fetch(graph(0))).status, 200);

// A job that runs when the process stops may end.
let release = () => {};
digester.hold = new Promise((resolve) => (release = resolve));
assert.equal((await fetch(graph(1), { method: "POST" })).status, 202);
await until(() => digester.began === 3);
const closed = app.close();
await until(() => events.includes("digester drains"));
messages.send("too late");
release();
await closed;
assert.deepEqual(consumer.fates, ["drop", "drop", "again", "done", "done"]);
assert.equal(messages.all.size, 1);
assert.deepEqual(events.slice(2), ["consumer drains", "digester drains", "consumer stops", "digester stops"]);
console.log("jobs delivered from a queue");
