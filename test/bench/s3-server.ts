// The tests' S3 server as a process of its own: `s3-server.ts BUCKET=DIRECTORY…` serves the files below each in a bucket,
// tells its URL in a message, and ends with its parent.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { S3Server } from "../support/s3/server.js";

const IN_MEMORY = 64 * 1024;

const buckets = new Map(
  process.argv.slice(2).map((argument): [string, string] => {
    const [bucket = "", directory = ""] = argument.split("=");
    return [bucket, directory];
  }),
);
const server = await S3Server.start(...buckets.keys());
for (const [bucket, directory] of buckets) {
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".gz")) continue;
    const file = join(directory, name);
    // Opening a small file for each request would take longer than all else.
    server.bucket(bucket).put(name, statSync(file).size <= IN_MEMORY ? readFileSync(file) : { file });
  }
}
process.on("disconnect", () => process.exit());
process.send?.(server.url);
