import type { z } from "zod";
import { type credentialSettings, credentialsOf } from "../aws/settings.js";
import type { Deliverer } from "../deliverer.js";
import { boolean, duration } from "../settings.js";
import { QueueUrl } from "../sqs/queue-url.js";
import { SqsConsumer, type SqsConsumerOptions } from "./sqs.js";
import { MAX_HIDDEN_MS } from "./visibility.js";

/** What those who bring jobs besides HTTP can be told. */
export const deliverSettings = {
  SQS_CONSUME: boolean
    .prefault("true")
    .describe("false: this process sends jobs to the SQS queue but doesn't receive them; other processes do"),
  SQS_RETRY_DELAY: duration
    .refine(
      (ms) => ms >= 1 && ms <= MAX_HIDDEN_MS,
      'expected from "1ms" to "12h", as long as SQS can hide a message',
    )
    .prefault("1m")
    .describe(
      "how long a failed job from SQS waits until it is delivered again; it doubles each time, up to 12h",
    ),
};

type Settings = z.output<z.ZodObject<typeof deliverSettings & typeof credentialSettings>> & {
  readonly STREAM_APPLIANCE_ENDPOINT?: { readonly place: unknown } | undefined;
};

/** Whoever brings the jobs back that the settings have sent away. */
export function createDeliverers(
  config: Settings,
  given: Pick<SqsConsumerOptions, "slots" | "progressTimeoutMs">,
): Deliverer[] {
  const url = config.STREAM_APPLIANCE_ENDPOINT?.place;
  if (!(url instanceof QueueUrl) || !config.SQS_CONSUME) return [];
  return [
    new SqsConsumer({
      url,
      credentials: credentialsOf(config),
      retryDelayMs: config.SQS_RETRY_DELAY,
      ...given,
    }),
  ];
}
