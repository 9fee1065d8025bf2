import { BucketSource } from "../../src/digester/flow-logs/bucket.js";

/** A bucket of the store whose URL the environment tells. */
export function bucketSource(bucket: string): BucketSource {
  return new BucketSource({
    access: {
      endpoint: process.env["AWS_ENDPOINT_URL_S3"],
      forcePathStyle: true,
      credentials: { accessKeyId: "k", secretAccessKey: "s" },
    },
    bucket,
    prefix: "",
    region: "eu-west-1",
    bufferedBytes: 2 * 1024 * 1024,
  });
}
