import { createHmac, hash } from "node:crypto";

/** Where the objects of a bucket are, and what requests for them are signed with. */
export interface Way {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  /** With its port, where that is an unusual one. */
  readonly host: string;
  /** In front of an object's key, with a slash at its end. */
  readonly path: string;
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Milliseconds by which the store's clock is ahead of this machine's. */
  readonly clockOffsetMs: number;
}

const NO_BODY = hash("sha256", "");

/**
 * Signs GetObject as AWS Signature Version 4 has it: for requests of one form and by keys that are kept, in a fifth of the time that
 * the SDK's own signer takes, which the tests hold it to.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export class GetSigner {
  readonly #way: Way;
  #day = "";
  #key: Buffer = Buffer.alloc(0);

  constructor(way: Way) {
    this.#way = way;
  }

  /** Path and headers, whose names and values take turns, of a request for this version of an object. */
  sign(objectKey: string, etag: string): { readonly path: string; readonly headers: readonly string[] } {
    const { host, sessionToken, accessKeyId, clockOffsetMs } = this.#way;
    const path = this.#way.path + objectKey.split("/").map(encoded).join("/");
    const time = new Date(Date.now() + clockOffsetMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const { key, scope } = this.#keyOf(time.slice(0, 8));
    const signed = [
      ["host", host],
      ["if-match", etag],
      ["x-amz-content-sha256", NO_BODY],
      ["x-amz-date", time],
      ...(sessionToken === undefined ? [] : [["x-amz-security-token", sessionToken]]),
    ];
    const names = signed.map(([name]) => name).join(";");
    const lines = signed.map((header) => header.join(":")).join("\n");
    const request = hash("sha256", `GET\n${path}\n\n${lines}\n\n${names}\n${NO_BODY}`);
    const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${request}`).toString("hex");
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return { path, headers: [...signed.flat(), "authorization", authorization] };
  }

  #keyOf(day: string): { readonly key: Buffer; readonly scope: string } {
    const { region, service, secretAccessKey } = this.#way;
    if (this.#day !== day) {
      this.#key = [day, region, service, "aws4_request"].reduce<Buffer>(
        hmac,
        Buffer.from(`AWS4${secretAccessKey}`),
      );
      this.#day = day;
    }
    return { key: this.#key, scope: `${day}/${region}/${service}/aws4_request` };
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** As paths are signed: of what RFC 3986 reserves, `encodeURIComponent` leaves some. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
