import { createHash, createHmac } from "node:crypto";

/** The last HMAC under a text. Before each signature the signer asks for that of the key's id, to find what it keeps for the key. */
let last: { readonly secret: string; readonly data: Uint8Array; readonly digest: Buffer } | undefined;

/** SHA-256 by node:crypto, or an HMAC of it where there is a secret, in the form that the signer of the AWS SDK asks for. */
export class Sha256 {
  readonly #secret: string | ArrayBuffer | ArrayBufferView | undefined;
  #data: Uint8Array = new Uint8Array();

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret;
  }

  update(data: Uint8Array): void {
    this.#data = this.#data.length === 0 ? data : Buffer.concat([this.#data, data]);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(digestOf(this.#secret, this.#data));
  }
}

function digestOf(secret: string | ArrayBuffer | ArrayBufferView | undefined, data: Uint8Array): Buffer {
  if (secret === undefined) return createHash("sha256").update(data).digest();
  if (typeof secret !== "string") return createHmac("sha256", bytesOf(secret)).update(data).digest();
  if (last?.secret !== secret || Buffer.compare(last.data, data) !== 0) {
    last = { secret, data, digest: createHmac("sha256", secret).update(data).digest() };
  }
  return last.digest;
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(data)) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
