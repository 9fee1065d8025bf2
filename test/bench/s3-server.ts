// The tests' S3 server as a process of its own: `s3-server.ts BUCKET=DIRECTORY…` serves the files below each in a bucket,
// tells its URL in a message, and ends with its parent.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { S3Server } from "../support/s3/server.js";

const buckets = new Map(
  process.argv.slice(2).map((argument): [string, string] => {
    const [bucket = "", directory = ""] = argument.split("=");
    return [bucket, directory];
  }),
);
const server = await S3Server.start(...buckets.keys());
for (const [bucket, directory] of buckets) {
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".gz")) server.bucket(bucket).put(name, { file: join(directory, name) });
  }
}
process.on("disconnect", () => process.exit());
process.send?.(server.url);
