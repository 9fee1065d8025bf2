import { S3Client } from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { GetSigner } from "../../src/s3/sign-get.js";

afterEach(() => void vi.useRealTimers());

test("requests are signed as the SDK signs them", async () => {
  const text = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
  const token = fc.stringMatching(/^[A-Za-z0-9+/=]{1,40}$/);
  const sample = fc.record({
    key: text,
    etag: fc.stringMatching(/^[0-9a-f]{32}(-\d+)?$/),
    host: fc.constantFrom("logs.s3.eu-west-1.amazonaws.com", "127.0.0.1:9000"),
    path: fc.constantFrom("/", "/logs/"),
    region: fc.constantFrom("eu-west-1", "us-east-1"),
    accessKeyId: token,
    secretAccessKey: token,
    sessionToken: fc.option(token, { nil: undefined }),
    clockOffsetMs: fc.integer({ min: -86_400_000, max: 86_400_000 }),
    now: fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
  });
  vi.useFakeTimers({ toFake: ["Date"] });
  await fc.assert(
    fc.asyncProperty(sample, async ({ key, etag, now, ...way }) => {
      vi.setSystemTime(now);
      const { host, region, accessKeyId, secretAccessKey, sessionToken, clockOffsetMs } = way;
      const credentials = {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
      };
      const client = new S3Client({ region, credentials });
      const scheme = { name: "sigv4", signingRegion: region, signingName: "s3", properties: {} };
      const signer = await client.config.signer(scheme);
      const mine = new GetSigner({ ...way, protocol: "https:", hostname: "", port: "", service: "s3" });
      const { path, headers } = mine.sign(key, etag);
      const theirs = await signer.sign(
        { method: "GET", protocol: "https:", hostname: "", path, headers: { host, "if-match": etag } },
        { signingRegion: region, signingDate: new Date(Date.now() + clockOffsetMs) },
      );
      const pairs = Array.from({ length: headers.length / 2 }, (_, n) => headers.slice(2 * n, 2 * n + 2));
      expect(Object.fromEntries(pairs)).toEqual(theirs.headers);
      client.destroy();
    }),
  );
});
