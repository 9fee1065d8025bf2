import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, homedir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { s3Access, s3Settings } from "../../src/s3/settings.js";
import { S3Storage } from "../../src/storage/s3.js";
import { graphId } from "../support/graph-id.js";
import { S3Server } from "../support/s3/server.js";

let server: S3Server;
let directory: string;
let file: string;

beforeEach(async () => {
  server = await S3Server.start("graphs");
  directory = await mkdtemp(join(tmpdir(), "credentials-"));
  file = join(directory, "credentials");
  await writeFile(
    file,
    `[default]
aws_access_key_id = FILE-DEFAULT
aws_secret_access_key = s
[graphs]
aws_access_key_id = FILE-GRAPHS
aws_secret_access_key = s
aws_session_token = file-session
`,
  );
});

afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

type Variables = Partial<Record<keyof typeof s3Settings, string>>;

function storageOf(variables: Variables): S3Storage {
  const settings = z.object(s3Settings).parse({
    AWS_ENDPOINT_URL_S3: server.url,
    GRAPH_S3_FORCE_PATH_STYLE: "true",
    USE_IAM: "false",
    ...variables,
  });
  return new S3Storage({ access: s3Access(settings), bucket: "graphs", region: "us-east-1" });
}

/** Whom the store saw: the access key id and the session token of the last request. */
async function seen(variables: Variables, signal: AbortSignal): Promise<(string | undefined)[]> {
  const storage = storageOf(variables);
  await storage.start();
  await storage.head(graphId(1), signal);
  await storage.stop();
  const headers = server.log.at(-1)?.headers ?? {};
  return [/Credential=([^/]+)/.exec(headers["authorization"] ?? "")?.[1], headers["x-amz-security-token"]];
}

test("keys win over the file, the file's profile over its default", async ({ signal }) => {
  const inFile = { AWS_CREDENTIALS_FILE: file };
  const keys = { AWS_ACCESS_KEY_ID: "KEY", AWS_SECRET_ACCESS_KEY: "s" };
  expect(await seen({ ...inFile, ...keys }, signal)).toEqual(["KEY", undefined]);
  expect(await seen({ ...keys, AWS_SESSION_TOKEN: "session" }, signal)).toEqual(["KEY", "session"]);
  expect(await seen(inFile, signal)).toEqual(["FILE-DEFAULT", undefined]);
  expect(await seen({ ...inFile, AWS_CREDENTIALS_PROFILE: "graphs" }, signal)).toEqual([
    "FILE-GRAPHS",
    "file-session",
  ]);
});

test.for<[string, Variables, RegExp]>([
  ["nothing", {}, /USE_IAM is false: set AWS_ACCESS_KEY_ID and .* or AWS_CREDENTIALS_FILE/],
  ["a key without its secret", { AWS_ACCESS_KEY_ID: "K" }, /_ID is set without AWS_SECRET_ACCESS_KEY/],
  ["a secret without its key", { AWS_SECRET_ACCESS_KEY: "s" }, /_KEY is set without AWS_ACCESS_KEY_ID/],
  [
    "a file that isn't there",
    { AWS_CREDENTIALS_FILE: "~/no such file" },
    new RegExp(`no credentials in profile "default" of ${homedir()}/no such file`),
  ],
  [
    "a profile that isn't there",
    { AWS_CREDENTIALS_PROFILE: "nobody" },
    /no credentials in profile "nobody" of .*credentials/,
  ],
])("%s stops the start with a message", async ([, variables, message], { signal }) => {
  const storage = storageOf(variables);
  const error = {
    dependency: "storage",
    transient: false,
    message: expect.stringMatching(message) as unknown,
  };
  await expect(storage.start()).rejects.toMatchObject(error);
  await expect(storage.head(graphId(1), signal)).rejects.toMatchObject(error);
  await storage.stop();
});

test("refused credentials: the message says whose, and no part of the error tells them", async ({
  signal,
}) => {
  server.accessKeys = new Set(["OTHER"]);
  const storage = storageOf({
    AWS_CREDENTIALS_FILE: file,
    AWS_CREDENTIALS_PROFILE: "graphs",
  });
  await storage.start();
  const error = await storage.head(graphId(1), signal).then(
    () => new Error("expected a refusal"),
    (error: Error) => error,
  );
  expect(error).toMatchObject({
    transient: false,
    message: expect.stringContaining(
      `InvalidAccessKeyId), which came from profile "graphs" of ${file}`,
    ) as unknown,
  });
  // What a logger sees of it: enumerable properties, down the causes.
  expect(JSON.stringify([error, error.cause]) + inspect(error)).not.toMatch(
    /file-session|Signature=|FILE-GRAPHS/,
  );
  await storage.stop();
});

test("without a region the message names the variable", async () => {
  const storage = new S3Storage({
    access: { endpoint: server.url, credentials: { accessKeyId: "k", secretAccessKey: "s" } },
    bucket: "graphs",
  });
  const { AWS_REGION } = process.env;
  // The SDK's own chain reads the environment; a developer's may have a region.
  delete process.env["AWS_REGION"];
  try {
    await expect(storage.start()).rejects.toThrow(/set GRAPH_STORAGE_BUCKET_REGION or AWS_REGION/);
  } finally {
    if (AWS_REGION !== undefined) process.env["AWS_REGION"] = AWS_REGION;
    await storage.stop();
  }
});
