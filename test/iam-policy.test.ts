import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const project = fileURLToPath(new URL("..", import.meta.url));

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
const ACTIONS: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  CompleteMultipartUpload: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  DeleteObject: "s3:DeleteObject",
  GetObject: "s3:GetObject",
  HeadBucket: "s3:ListBucket",
  HeadObject: "s3:GetObject",
  ListObjectsV2: "s3:ListBucket",
  PutObject: "s3:PutObject",
  UploadPart: "s3:PutObject",
};

const words = z.union([z.string().transform((word) => [word]), z.array(z.string())]);
const Policy = z.object({
  Version: z.literal("2012-10-17"),
  Statement: z.array(
    z.strictObject({
      Effect: z.literal("Allow"),
      Action: words,
      Resource: words,
      Condition: z.unknown().optional(),
    }),
  ),
});

/** The statements of the policies in docs/aws.md. */
async function statements() {
  const docs = await readFile(join(project, "docs/aws.md"), "utf8");
  const policies = [...docs.matchAll(/<!-- iam-policy -->\s*```json\n(.*?)```/gs)];
  return policies.flatMap(([, json = ""]) => Policy.parse(JSON.parse(json)).Statement);
}

/** What they allow on a bucket or its objects. */
async function allowed(bucket: string): Promise<string[]> {
  const arn = `arn:aws:s3:::${bucket}`;
  return (await statements()).flatMap(({ Action, Resource }) =>
    // Listing is allowed on the bucket, everything else on its objects.
    Action.filter((action) =>
      Resource.some((on) => (action === "s3:ListBucket" ? on === arn : on.startsWith(`${arn}/`))),
    ),
  );
}

/** The calls of a file and of everything of ours that it imports. */
async function calls(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  const source = await readFile(file, "utf8");
  // `new GetObjectCommand(`, `s3.getObject(`
  const found = [...source.matchAll(/\bnew (\w+)Command\(|\bs3\.(?!send\b)(\w+)\(/g)].map(
    ([, command, method = ""]) => command ?? method.charAt(0).toUpperCase() + method.slice(1),
  );
  for (const [, path = ""] of source.matchAll(/ from "(\.[^"]+)\.js"/g)) {
    found.push(...(await calls(join(dirname(file), `${path}.ts`), seen)));
  }
  return found;
}

/** Asked of another service than S3: docs/aws.md tells of it in words. */
const ELSEWHERE = join(project, "src/s3/assume-role.ts");

test.for([
  ["src/storage/s3.ts", "example-graphs"],
  ["src/marker/s3.ts", "example-claims"],
  ["src/digester/flow-logs/bucket.ts", "example-flow-logs"],
] as const)("the documented policy allows what %s calls on %s, and no more", async ([file, bucket]) => {
  const needed = (await calls(join(project, file), new Set([ELSEWHERE]))).map(
    (call) => ACTIONS[call] ?? `unknown: ${call}`,
  );
  expect(needed).not.toEqual([]);
  expect(new Set(await allowed(bucket))).toEqual(new Set(needed));
});

test("the documented policy allows what is called on the queue, and no more", async () => {
  const needed = (await calls(join(project, "src/sqs/queue.ts"))).map((call) => `sqs:${call}`);
  const all = (await statements()).flatMap(({ Action }) =>
    Action.filter((action) => action.startsWith("sqs:")),
  );
  expect(needed).not.toEqual([]);
  expect(new Set(all)).toEqual(new Set(needed));
});

test("the documented policy for Athena allows what is called of it, and what reads its results", async () => {
  const folder = join(project, "src/digester/flow-logs/athena");
  const source = await readFile(join(folder, "query.ts"), "utf8");
  const called = [...source.matchAll(/\bnew library\.(\w+)Command\(/g)].map(
    ([, name = ""]) => `athena:${name}`,
  );
  const docs = await readFile(join(project, "docs/aws.md"), "utf8");
  const documented = new Set([...docs.matchAll(/"(athena:\w+)"/g)].map(([, action]) => action));
  expect(documented).toEqual(new Set(called));
  const results = await calls(join(folder, "source.ts"), new Set([ELSEWHERE]));
  const needed = results.map((call) => ACTIONS[call] ?? `unknown: ${call}`);
  expect(await allowed("example-athena-results")).toEqual(expect.arrayContaining(needed));
});
