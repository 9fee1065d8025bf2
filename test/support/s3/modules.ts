import type { S3Access } from "../../../src/s3/client.js";
import type { BucketOptions } from "../../../src/s3/bucket.js";

/** How a module reaches a test's store. */
export function accessTo(store: { readonly url: string }, keys = { id: "test", secret: "test" }): S3Access {
  return {
    endpoint: store.url,
    forcePathStyle: true,
    credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret },
  };
}

export function bucketOptions(
  store: { readonly url: string },
  bucket: string,
  more: Partial<BucketOptions> = {},
): BucketOptions {
  // On a busy machine a server of the same process may not have its turn for long.
  return { access: accessTo(store), bucket, region: "us-east-1", patience: 6, ...more };
}
