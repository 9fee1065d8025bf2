import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DependencyError } from "../../src/errors.js";
import { Job } from "../../src/job.js";
import { SqsQueuer } from "../../src/queuer/sqs.js";
import { queueUrl } from "../../src/sqs/queue-url.js";
import { TimeWindow } from "../../src/window.js";
import { testQueuer } from "../contract/queuer.js";
import { reset, status } from "../support/faults.js";
import { SqsServer } from "../support/sqs.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const job = { window, refresh: false, claim: "7d9f" };
const never = new AbortController().signal;
const keys = { accessKeyId: "test", secretAccessKey: "test" };

function queuerOf(endpoint: string, credentials: Partial<typeof keys> = keys): SqsQueuer {
  return new SqsQueuer({ url: queueUrl.parse(endpoint), credentials, patience: 6 });
}

/** What a call says of its failure. */
async function failure(call: Promise<unknown>): Promise<DependencyError> {
  const error = await call.catch((error: unknown) => error);
  if (error instanceof DependencyError) return error;
  throw new Error(`expected a DependencyError, got ${String(error)}`);
}

const Sent = z.array(z.object({ MessageBody: z.string(), DelaySeconds: z.number().optional() }));

testQueuer("SqsQueuer", async () => {
  const sqs = await SqsServer.start();
  return {
    queuer: queuerOf(sqs.endpoint),
    get delivered() {
      return Sent.parse(sqs.calls("SendMessage")).map(({ MessageBody }) =>
        Job.parse(JSON.parse(MessageBody)),
      );
    },
    breakQueue: () => {
      sqs.server.down = reset;
    },
    close: () => sqs.close(),
  };
});

describe("SqsQueuer", () => {
  let sqs: SqsServer;
  let queuer: SqsQueuer;

  beforeEach(async () => {
    sqs = await SqsServer.start();
    queuer = queuerOf(sqs.endpoint);
  });

  afterEach(async () => {
    await queuer.stop();
    await sqs.close();
  });

  test.for([
    [undefined, undefined],
    [-5000, undefined],
    [600, 1],
    [60_000, 60],
    [3_600_000, 900],
  ] as const)("a job that may begin in %s ms is held back for %s s", async ([ms, seconds]) => {
    const notBefore = ms === undefined ? undefined : new Date(Date.now() + ms);
    await queuer.queue(job, never, notBefore);
    const [sent] = Sent.parse(sqs.calls("SendMessage"));
    // Some time has passed since.
    expect(sent?.DelaySeconds ?? 0).toBeLessThanOrEqual(seconds ?? 0);
    expect(sent?.DelaySeconds ?? 0).toBeGreaterThanOrEqual(Math.min(seconds ?? 0, 1));
    expect(await sqs.messages()).toHaveProperty(seconds === undefined ? "ready.length" : "delayed.length", 1);
  });

  test("a passing failure is retried", async () => {
    sqs.server.faults.push(status(503), status(500));
    await queuer.queue(job, never);
    expect(await sqs.count()).toBe(1);
  });

  test.for([
    ["QueueDoesNotExist", 400, "settings", /there is no queue http/],
    [
      "AccessDenied",
      403,
      "access",
      /denied it \(403 AccessDenied\) to the credentials from AWS_ACCESS_KEY_ID/,
    ],
    ["InvalidClientTokenId", 403, "access", /refused the credentials \(InvalidClientTokenId\)/],
    ["KmsAccessDenied", 400, "access", /KMS key \(KmsAccessDenied\): grant kms:GenerateDataKey/],
  ] as const)("%s is told with what to do, and not retried", async ([code, answered, obstacle, message]) => {
    const body = JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: "no" });
    sqs.server.down = status(answered, body, { "content-type": "application/x-amz-json-1.0" });
    const error = await failure(queuer.queue(job, never));
    expect(error).toMatchObject({ dependency: "queuer", obstacle });
    expect(error.message).toMatch(message);
    expect(sqs.server.requests).toHaveLength(1);
  });

  test("a start ends where there is no such queue, and goes on where it can't be told", async () => {
    const elsewhere = queuerOf(sqs.endpoint.replace(/jobs$/, "job"));
    expect((await failure(elsewhere.start())).message).toMatch(/there is no queue .*\/job$/);
    await elsewhere.stop();
    sqs.server.down = reset;
    await queuer.start();
    await failure(queuer.ready(never));
    sqs.server.down = undefined;
    await queuer.ready(never);
  });

  test("credentials that can't work end a start, without asking anybody", async () => {
    const without = queuerOf(sqs.endpoint, { accessKeyId: "test" });
    expect((await failure(without.start())).message).toMatch(/is set without AWS_SECRET_ACCESS_KEY/);
    await without.stop();
    expect(sqs.server.requests).toEqual([]);
  });
});
