import { access, type Advice, type AwsCall, awsError, settings } from "../aws/errors.js";
import type { DependencyError } from "../errors.js";
import { isException } from "./library.js";

/** What a message needs to say where a call went wrong. */
export interface CallSite extends AwsCall {
  readonly bucket: string;
  /** The variable that sets the bucket's region. */
  readonly regionSetting: string;
}

/** True for S3's answers of these names, such as `NoSuchKey`. */
export function isAnswer(error: unknown, ...names: string[]): boolean {
  return isException(error) && names.includes(error.name);
}

const REFUSED_CREDENTIALS = new Set([
  "ExpiredToken",
  "InvalidAccessKeyId",
  "InvalidToken",
  "SignatureDoesNotMatch",
]);
const WRONG_REGION = new Set(["AuthorizationHeaderMalformed", "IllegalLocationConstraintException"]);

/** What an operator can do about it, when trying again can't help. */
function lasting(error: Error, site: CallSite): Advice | undefined {
  const status = isException(error) ? error.$metadata.httpStatusCode : undefined;
  if (error.message === "Region is missing") {
    return settings(
      `the region of bucket ${site.bucket} is not known: set ${site.regionSetting} or AWS_REGION`,
    );
  }
  if (REFUSED_CREDENTIALS.has(error.name)) {
    return access(`S3 refused the credentials (${error.name}), which came from ${site.source}`);
  }
  if (error.name === "NoSuchBucket") return settings(`there is no bucket ${site.bucket}`);
  if (status === 301 || WRONG_REGION.has(error.name)) {
    return settings(`bucket ${site.bucket} is in another region (${error.name}): set ${site.regionSetting}`);
  }
  if (error.name === "InvalidObjectState") {
    return { advice: "the object is archived: restore it first", obstacle: "archive" };
  }
  // The SDK corrects its clock by the answer and tries again; what is left after that is worth another try.
  if (status === 403 && error.name !== "RequestTimeTooSkewed") {
    return access(
      `S3 denied it (403 ${error.name}) to the credentials from ${site.source}. ` +
        "Where s3:ListBucket isn't granted, this is also the answer for a key that isn't there",
    );
  }
  return undefined;
}

/** The port's error for whatever the SDK threw. */
export function dependencyError(error: unknown, site: CallSite): DependencyError {
  return awsError(error, site, (error) => lasting(error, site));
}
