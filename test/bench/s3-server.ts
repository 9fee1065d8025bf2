// A store that takes as little of the machine as it can, for what is measured is who asks it: `s3-server.ts BUCKET=DIRECTORY…`
// serves the files below each in a bucket, tells its URL in a message, and ends with its parent. It knows what a digester asks,
// by path-style URLs: HeadBucket, ListObjectsV2 and GetObject.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { listen } from "../support/listen.js";
import { Bucket, md5 } from "../support/s3/store.js";
import { decodeToken, listObjectsXml } from "../support/s3/xml.js";

const HEAD_END = "\r\n\r\n";
const SIGNATURE = /^authorization: AWS4-HMAC-SHA256 Credential=.*, Signature=/im;

const buckets = new Map<string, Bucket>();
/** Whole answers, by method and target: of objects beforehand, of listings when they are first asked for. */
const answers = new Map<string, Buffer>();
/** Of each object, by its request. */
const etags = new Map<string, string>();

for (const argument of process.argv.slice(2)) {
  const [name = "", directory = ""] = argument.split("=");
  const bucket = new Bucket();
  buckets.set(name, bucket);
  answers.set(`HEAD /${name}`, answer("200 OK"));
  for (const key of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (!key.endsWith(".gz")) continue;
    const bytes = readFileSync(join(directory, key));
    const etag = md5(bytes);
    bucket.put(key, bytes, { etag });
    const request = `GET /${name}/${key}`;
    answers.set(request, answer("200 OK", bytes, `ETag: "${etag}"\r\n`));
    etags.set(request, etag);
  }
}

function answer(status: string, body: Buffer | string = "", headers = ""): Buffer {
  const head = `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}${HEAD_END}`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** @param head of a request, without the empty line at its end */
function answerTo(head: string): Buffer {
  // The SDK names the call behind the key, and ends the name of a bucket with a slash.
  const request = head.slice(0, head.search(/\/? HTTP|\?x-id=/));
  if (!SIGNATURE.test(head)) return answer("403 Forbidden");
  const etag = etags.get(request);
  if (etag !== undefined && !head.includes(etag)) return answer("412 Precondition Failed");
  const known = answers.get(request) ?? listing(request);
  if (known === undefined) return answer("404 Not Found");
  answers.set(request, known);
  return known;
}

function listing(request: string): Buffer | undefined {
  const { pathname, searchParams: query } = new URL(request.replace("GET ", ""), "http://store");
  const [, name = ""] = pathname.split("/");
  const bucket = buckets.get(name);
  if (bucket === undefined || query.get("list-type") !== "2") return undefined;
  const options = {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    after: decodeToken(query.get("continuation-token") ?? ""),
    maxKeys: Math.min(Number(query.get("max-keys") ?? 1000), 1000),
    encoding: query.get("encoding-type") ?? undefined,
    restoreStatus: false,
  };
  return answer("200 OK", listObjectsXml(name, options, bucket.list(options)));
}

const server = createServer({ noDelay: true }, (socket: Socket) => {
  let begun = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    // No request has a body.
    const heads = `${begun}${text}`.split(HEAD_END);
    begun = heads.pop() ?? "";
    for (const head of heads) socket.write(answerTo(head));
  });
});
const { port } = await listen(server);
process.on("disconnect", () => process.exit());
process.send?.(`http://127.0.0.1:${port}`);
