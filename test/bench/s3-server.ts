// The tests' S3 server as a process of its own: `s3-server.ts DIRECTORY` serves the files below it in the bucket `logs`,
// tells its URL in a message, and ends with its parent.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { S3Server } from "../support/s3/server.js";

const [, , directory = ""] = process.argv;
const server = await S3Server.start("logs");
for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
  if (name.endsWith(".gz")) server.bucket("logs").put(name, { file: join(directory, name) });
}
process.on("disconnect", () => process.exit());
process.send?.(server.url);
