import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EnvelopeError, unwrap } from "../src/envelope.js";
import { Job, toMessage } from "../src/job.js";
import { TimeWindow } from "../src/window.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const job = toMessage({ window, refresh: true, claim: "7d9f" });
const text = JSON.stringify(job);
const base64 = (plain: string) => Buffer.from(plain).toString("base64");

/** As their senders document them, each around a text in JSON. */
const ENVELOPES: Record<string, (inner: string) => unknown> = {
  "SNS notification": (inner) => ({
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: "arn:aws:sns:us-west-2:123456789012:jobs",
    Subject: "a job",
    Message: inner,
    Timestamp: "2019-06-01T00:00:00.000Z",
    SignatureVersion: "1",
    Signature: "EXAMPLEw6JRN…",
    SigningCertURL: "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
    UnsubscribeURL: "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
  }),
  "records of SNS": (inner) => ({
    Records: [{ EventVersion: "1.0", EventSource: "aws:sns", Sns: { Type: "Notification", Message: inner } }],
  }),
  "EventBridge event": (inner) => ({
    version: "0",
    id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "graph wanted",
    source: "example.scheduler",
    account: "111122223333",
    time: "2019-06-01T00:00:00Z",
    region: "us-west-1",
    resources: [],
    detail: JSON.parse(inner),
  }),
  "EventBridge event whose detail is text": (inner) => ({
    id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "graph wanted",
    source: "example.scheduler",
    detail: inner,
  }),
  CloudEvent: (inner) => ({
    specversion: "1.0",
    type: "example.graph.wanted",
    source: "/scheduler",
    id: "A234-1234-1234",
    datacontenttype: "application/json",
    data: JSON.parse(inner),
  }),
  "CloudEvent with text": (inner) => ({
    specversion: "1.0",
    type: "example.graph.wanted",
    source: "/scheduler",
    id: "A234-1234-1234",
    data: inner,
  }),
  "CloudEvent with base64": (inner) => ({
    specversion: "1.0",
    type: "example.graph.wanted",
    source: "/scheduler",
    id: "A234-1234-1234",
    data_base64: base64(inner),
  }),
  "batch of one CloudEvent": (inner) => [
    { specversion: "1.0", type: "t", source: "/s", id: "1", data: JSON.parse(inner) },
  ],
  "Pub/Sub push": (inner) => ({
    message: {
      attributes: { key: "value" },
      data: base64(inner),
      messageId: "2070443601311540",
      message_id: "2070443601311540",
      publishTime: "2019-06-01T00:00:00.000Z",
    },
    subscription: "projects/myproject/subscriptions/mysubscription",
  }),
  "SQS record": (inner) => ({
    messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
    receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a…",
    body: inner,
    attributes: { ApproximateReceiveCount: "1" },
    messageAttributes: {},
    md5OfBody: "098f6bcd4621d373cade4e832627b4f6",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:jobs",
    awsRegion: "us-east-2",
  }),
  "records of SQS": (inner) => ({
    Records: [{ messageId: "1", receiptHandle: "a", body: inner, eventSource: "aws:sqs" }],
  }),
  "messages received from SQS": (inner) => ({
    Messages: [{ MessageId: "1", ReceiptHandle: "a", MD5OfBody: "b", Body: inner }],
  }),
};
const envelopes = Object.entries(ENVELOPES);

function envelope(name: string, inner: string): unknown {
  const put = ENVELOPES[name];
  if (put === undefined) throw new Error(`expected one of ${Object.keys(ENVELOPES).join(", ")}, got ${name}`);
  return put(inner);
}

test("a job in no envelope is itself, whatever else a bus added to it", () => {
  const added = {
    ...job,
    specversion: "1.0",
    type: "t",
    data: {},
    Records: [],
    Type: "Notification",
    Message: "",
  };
  expect(unwrap(added)).toBe(added);
});

describe("a job is taken out of", () => {
  test.for(envelopes)("%s", ([, put]) => {
    const body: unknown = JSON.parse(JSON.stringify(put(text)));
    expect(Job.parse(unwrap(body))).toEqual({ window, refresh: true, claim: "7d9f" });
  });

  test("envelopes in one another, in any order", () => {
    const nested = fc.array(fc.constantFrom(...envelopes), { maxLength: 3 });
    fc.assert(
      fc.property(nested, (around) => {
        const body = around.reduce((inner, [, put]) => JSON.stringify(put(inner)), text);
        expect(unwrap(JSON.parse(body))).toEqual(job);
      }),
    );
  });
});

describe("what isn't a job is refused, with what it looks like and what to set", () => {
  test.for([
    [null, 'not "null"'],
    [1, 'not "a number"'],
    [text, 'not "a string in JSON"'],
    [{}, 'not "an object without keys"'],
    [{ a: 1, 'b"': 2 }, String.raw`not "an object with the keys a, b\""`],
    [[], "an empty batch: expected one job a request"],
    [[job, job], "a batch of 2: expected one job a request; set the batch size to 1"],
    [{ Records: [1, 2, 3] }, "a batch of 3"],
    [{ Type: "SubscriptionConfirmation", SubscribeURL: "http://x" }, "confirm it yourself with `aws sns"],
    [{ Type: "UnsubscribeConfirmation", SubscribeURL: "http://x" }, "an SNS confirmation"],
    [[{ eventType: "t", eventTime: "2019", subject: "s", data: {} }], "set the delivery schema"],
    [
      envelope("SNS notification", "hello"),
      'its Message, not "text that isn\'t JSON"; publish the job itself',
    ],
    [envelope("SNS notification", '{"a":1}'), 'its Message, not "an object with the keys a"'],
    [envelope("SQS record", ""), 'an SQS record: expected a job as its body, not "nothing"'],
    [envelope("EventBridge event", '{"a":1}'), "set the input path of the rule's target"],
    [envelope("CloudEvent", "null"), 'a CloudEvent: expected a job as its data, not "null"'],
    [{ specversion: "1.0", type: "t", data_base64: "%" }, 'not "text that isn\'t base64"'],
    [{ message: { attributes: {} }, subscription: "s" }, 'its message.data, not "nothing"'],
    [envelope("Pub/Sub push", "hello"), "turn on payload unwrapping"],
  ] as const)("%#: %j", ([body, words]) => {
    expect(() => unwrap(body)).toThrow(EnvelopeError);
    expect(() => unwrap(body)).toThrow(words);
  });

  test("half a job is for Job to judge", () => {
    expect(unwrap({ id: "x" })).toEqual({ id: "x" });
    expect(unwrap([{ start: "x" }])).toEqual({ start: "x" });
  });

  test("and envelopes without end", () => {
    const body = Array.from({ length: 30_000 }).reduce<unknown>((inner) => [inner], job);
    expect(() => unwrap(body)).toThrow("envelopes in one another");
  });

  test("whatever it is: nothing else is thrown, and no more than a few words of it are told", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.constantFrom(...envelopes), fc.json()).map(([[, put], inner]) => put(inner)),
      fc.dictionary(
        fc.constantFrom("Type", "Message", "detail", "data", "message", "Records"),
        fc.jsonValue(),
      ),
    );
    fc.assert(
      fc.property(anything, (body) => {
        try {
          unwrap(body);
        } catch (error) {
          if (!(error instanceof EnvelopeError)) throw error;
          expect(error.message.length).toBeLessThan(1000);
          // What was sent is within one quotation in JSON, which the log leaves out.
          expect(error.message.replace(/, not "(?:[^"\\]|\\.)*"/, "")).not.toContain("not ");
        }
      }),
    );
  });
});
