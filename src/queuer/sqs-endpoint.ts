import { credentialSettings, credentialsOf } from "../aws/settings.js";
import { scheme } from "../scheme.js";
import { EXPECTED_QUEUE, LIKE_QUEUE, queueUrl } from "../sqs/queue-url.js";
import { SqsQueuer } from "./sqs.js";

/** Jobs sent to a queue of SQS. */
export const sqsEndpoint = scheme({
  pattern: LIKE_QUEUE,
  expected: EXPECTED_QUEUE,
  place: queueUrl,
  settings: credentialSettings,
  create: (url, config) => new SqsQueuer({ url, credentials: credentialsOf(config) }),
});
