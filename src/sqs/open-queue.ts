import type { ExplicitCredentials } from "../aws/credentials.js";
import type { QueueUrl } from "./queue-url.js";
import type { Queue } from "./queue.js";

export interface QueueOptions {
  readonly url: QueueUrl;
  readonly credentials: "iam" | ExplicitCredentials;
  /** How many times as long as usual a call may take: for queues that are slow. 1 unless told otherwise. */
  readonly patience?: number | undefined;
}

/** Opens the queue when it is first asked for. The client library is loaded then, and nowhere else. */
export function queueOpener(options: QueueOptions): () => Promise<Queue> {
  let queue: Promise<Queue> | undefined;
  return () => {
    queue ??= import("./queue.js").then(({ Queue }) => Queue.open(options));
    return queue;
  };
}
