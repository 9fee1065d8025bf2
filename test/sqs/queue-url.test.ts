import { expect, test } from "vitest";
import { queuerSettings } from "../../src/queuer/index.js";
import { SqsQueuer } from "../../src/queuer/sqs.js";
import { QueueUrl } from "../../src/sqs/queue-url.js";

const setting = queuerSettings.STREAM_APPLIANCE_ENDPOINT;
const account = "123456789012";

test.for([
  [`https://sqs.eu-west-1.amazonaws.com/${account}/jobs`, "eu-west-1"],
  [`https://sqs-fips.us-gov-west-1.amazonaws.com/${account}/jobs`, "us-gov-west-1"],
  [`https://sqs.cn-north-1.amazonaws.com.cn/${account}/vpc-flow_jobs`, "cn-north-1"],
  [`https://sqs.eu-west-1.api.aws/${account}/jobs`, "eu-west-1"],
  [`https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/${account}/jobs`, "eu-west-1"],
  ["sqs+http://localhost:9324/000000000000/jobs", undefined],
  ["sqs+https://queues.example.com/jobs", undefined],
  [`sqs+https://sqs.eu-west-1.amazonaws.com/${account}/jobs`, "eu-west-1"],
] as const)("%s is a queue", ([text, region]) => {
  const endpoint = setting.parse(text);
  expect(endpoint?.place).toEqual(new QueueUrl(text.replace("sqs+", ""), region));
});

test.for([
  ["https://sqs.eu-west-1.amazonaws.com/", /expected "https:\/\/sqs\.<region>\.amazonaws\.com/],
  [`http://sqs.eu-west-1.amazonaws.com/${account}/jobs`, /expected "https:/],
  [`https://sqs.eu-west-1.amazonaws.com/${account}/jobs?x=1`, /expected "https:/],
  ["sqs+ftp://localhost/jobs", /expected "https:/],
  ["sqs+http://", /expected "https:/],
  ["sqs+http://me:secret@localhost/jobs", /without user and password/],
  [`https://sqs.eu-west-1.amazonaws.com/${account}/jobs.fifo`, /expected a standard queue/],
] as const)("%s is refused", ([text, message]) => {
  expect(setting.safeParse(text).error?.issues[0]?.message).toMatch(message);
});

test.for(["http://bus:8080/sqs", "https://bus.example.com/sqs/jobs", "sqs:8080", "localhost:8080/jobs"])(
  "%s is a bus",
  (text) => {
    expect(setting.parse(text)?.place).toBeInstanceOf(URL);
  },
);

test("a queue is chosen by its URL", () => {
  const config = { USE_IAM: true };
  const endpoint = setting.parse("sqs+http://localhost:9324/000000000000/jobs");
  expect(endpoint?.create(config, { client: undefined })).toBeInstanceOf(SqsQueuer);
});
