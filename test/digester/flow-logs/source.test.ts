import { testSource } from "../../contract/source.js";
import { DirectorySource } from "../../../src/digester/flow-logs/directory.js";
import { directoryOf } from "./digesting.js";
import { sourceOf, startS3 } from "./from-s3.js";

testSource("DirectorySource", async (keys) => {
  return new DirectorySource(directoryOf(Object.fromEntries(keys.map((key) => [key, key]))));
});

testSource("BucketSource", async (keys) => {
  const server = await startS3();
  for (const key of keys) server.bucket("logs").put(key, key);
  return sourceOf(server);
});
