import { SQSServiceException } from "@aws-sdk/client-sqs";
import { access, type Advice, awsError, settings } from "../aws/errors.js";
import type { DependencyError } from "../errors.js";

const REFUSED_CREDENTIALS = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);
const NO_QUEUE = new Set(["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"]);

interface QueueCall {
  /** `SendMessage https://…`. */
  readonly action: string;
  readonly queue: string;
  /** Where the credentials come from. */
  readonly source: string;
}

/** The queuer's error for whatever the SDK threw. */
export function queueError(error: unknown, call: QueueCall): DependencyError {
  return awsError(error, { dependency: "queuer", ...call }, (error) => lasting(error, call));
}

function lasting(error: Error, { queue, source }: QueueCall): Advice | undefined {
  if (NO_QUEUE.has(error.name)) return settings(`there is no queue ${queue}`);
  if (REFUSED_CREDENTIALS.has(error.name)) {
    return access(`SQS refused the credentials (${error.name}), which came from ${source}`);
  }
  if (error.name.startsWith("Kms") && error.name !== "KmsThrottled") {
    return access(
      `SQS could not use the queue's KMS key (${error.name}): grant kms:GenerateDataKey and kms:Decrypt on it to the credentials from ${source}`,
    );
  }
  const status = error instanceof SQSServiceException ? error.$metadata.httpStatusCode : undefined;
  if (status === 403) return access(`SQS denied it (403 ${error.name}) to the credentials from ${source}`);
  return undefined;
}
