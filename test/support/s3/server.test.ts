import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { S3Server } from "./server.js";
import { Bucket } from "./store.js";

let server: S3Server;
let client: S3Client;

beforeAll(async () => {
  server = await S3Server.start("logs");
  client = new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
});

afterAll(async () => {
  client.destroy();
  await server.stop();
});

test("pages of any size list every key and common prefix once, in order", async () => {
  const key = fc.stringMatching(/^[a-c/&]{1,8}$/);
  const sample = fc.record({
    keys: fc.uniqueArray(key, { maxLength: 30 }),
    prefix: fc.constantFrom("", "a", "a/", "b"),
    delimiter: fc.constantFrom("", "/"),
    after: fc.constantFrom("", "a", "a/b", "bb"),
    maxKeys: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(sample, async ({ keys, prefix, delimiter, after, maxKeys }) => {
      const bucket = new Bucket();
      server.buckets.set("logs", bucket);
      for (const each of keys) bucket.put(each, "x");
      const listed: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: "logs",
            Prefix: prefix,
            Delimiter: delimiter === "" ? undefined : delimiter,
            StartAfter: after === "" ? undefined : after,
            MaxKeys: maxKeys,
            ContinuationToken,
          }),
        );
        const found = [
          ...(page.Contents ?? []).map(({ Key = "" }) => Key),
          ...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
        ];
        expect(found.length).toBeLessThanOrEqual(maxKeys);
        listed.push(...found.toSorted());
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      const expected = keys
        .filter((each) => each.startsWith(prefix) && each > after)
        .map((each) => {
          const cut = delimiter === "" ? -1 : each.indexOf(delimiter, prefix.length);
          return cut === -1 ? each : each.slice(0, cut + 1);
        })
        .toSorted();
      expect(listed).toEqual([...new Set(expected)]);
    }),
    {
      numRuns: 60,
      // An object that is named as the prefix is, where a page ends.
      examples: [[{ keys: ["a//", "a/"], prefix: "a/", delimiter: "/", after: "", maxKeys: 1 }]],
    },
  );
});

test("a hundred thousand keys are listed in a moment", async () => {
  const bucket = new Bucket();
  server.buckets.set("logs", bucket);
  for (let n = 0; n < 100_000; n += 1) bucket.put(`AWSLogs/${String(n).padStart(6, "0")}.log.gz`, "x");
  const page = await client.send(
    new ListObjectsV2Command({ Bucket: "logs", StartAfter: "AWSLogs/050000.log.gz" }),
  );
  expect(page.Contents?.[0]?.Key).toBe("AWSLogs/050001.log.gz");
  expect(page.Contents).toHaveLength(1000);
  expect(page.IsTruncated).toBe(true);
});
