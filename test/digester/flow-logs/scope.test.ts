import { gzipSync } from "node:zlib";
import { ONE, type ScopedFile, testScopedDigester } from "../../contract/scoped-digester.js";
import { digesterOf, directoryOf } from "./digesting.js";
import { digesterOf as fromS3, keyOf, startS3 } from "./from-s3.js";

const NARROWED = { accounts: new Set([ONE]), regions: new Set(["eu-west-1"]) };

function keysOf(files: readonly ScopedFile[], hive: boolean): [string, Buffer][] {
  return files.map(({ account, region, text }, index) => {
    const key =
      account === undefined
        ? `exports/${index}/000000.gz`
        : keyOf("2024-06-01T12:05", { account, region, hive, hash: `${index}` });
    return [key, gzipSync(text)];
  });
}

testScopedDigester("FlowLogDigester, from a directory", async (files) => {
  const directory = directoryOf(Object.fromEntries(keysOf(files, true)));
  return { digester: digesterOf(directory), narrowed: digesterOf(directory, NARROWED) };
});

testScopedDigester("FlowLogDigester, from S3", async (files) => {
  const server = await startS3();
  for (const [key, bytes] of keysOf(files, false)) server.bucket("logs").put(key, bytes);
  return { digester: fromS3(server), narrowed: fromS3(server, NARROWED) };
});
