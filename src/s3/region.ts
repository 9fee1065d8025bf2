import { createClient, type S3Access } from "./client.js";
import type { CredentialSource } from "../aws/credentials.js";
import { isException, s3Library } from "./library.js";

/** Where S3 is asked unless a region is configured: any region of the partition can tell. */
const ANYWHERE = "us-east-1";
const DEADLINE_MS = 10_000;

/**
 * A bucket's region, found out at the first call and again after a failure. S3 names it in each answer, refusals and
 * redirects included; another store than AWS may not, and then the region is the one that was asked.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 */
export function regionOf(bucket: string, access: S3Access, source: CredentialSource): () => Promise<string> {
  let region: Promise<string> | undefined;
  return () => {
    region ??= ask(bucket, access, source).catch((error: unknown) => {
      region = undefined;
      throw error;
    });
    return region;
  };
}

async function ask(bucket: string, access: S3Access, source: CredentialSource): Promise<string> {
  const asked = await configuredRegion(access, source);
  const { HeadBucketCommand } = await s3Library();
  const client = await createClient(access, source, { region: asked });
  const command = new HeadBucketCommand({ Bucket: bucket });
  try {
    const { BucketRegion } = await client.send(command, {
      abortSignal: AbortSignal.timeout(DEADLINE_MS),
      requestTimeout: DEADLINE_MS / 2,
    });
    return BucketRegion ?? asked;
  } catch (error) {
    // The next call will be refused as well, and says the reason, which the answer to a HEAD can't.
    if (!isException(error) || (error.$metadata.httpStatusCode ?? 500) >= 500) throw error;
    return error.$response?.headers["x-amz-bucket-region"] ?? asked;
  } finally {
    client.destroy();
  }
}

async function configuredRegion(access: S3Access, source: CredentialSource): Promise<string> {
  const client = await createClient(access, source, {});
  try {
    return await client.config.region();
  } catch {
    return ANYWHERE;
  } finally {
    client.destroy();
  }
}
