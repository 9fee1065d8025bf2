import type * as s3 from "@aws-sdk/client-s3";

type Library = typeof s3;

let loaded: Library | undefined;

/** The client library, which takes a tenth of a second to load: whoever has no bucket does without. */
export async function s3Library(): Promise<Library> {
  return (loaded ??= await import("@aws-sdk/client-s3"));
}

/** Whether S3 answered with this error, which it can't have done before the library was there. */
export function isException(error: unknown): error is s3.S3ServiceException {
  return loaded !== undefined && error instanceof loaded.S3ServiceException;
}
