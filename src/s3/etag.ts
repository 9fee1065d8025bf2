/** An ETag as its bytes are named, without the quotes that headers put around it. */
export function unquote(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
