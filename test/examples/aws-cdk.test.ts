import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { configWarnings, loadConfig } from "../../src/compose/config.js";
import { DEADLINE_MS } from "../support/deadline.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const example = join(root, "examples/aws-cdk");

/** Whether its libraries are there, which the service doesn't need. Missing, it is skipped here and a failure in CI. */
function isInstalled(): boolean {
  const found = existsSync(join(example, "node_modules/aws-cdk-lib"));
  if (!found && process.env["CI"] === "true")
    throw new Error("CI has no aws-cdk-lib: npm ci in examples/aws-cdk");
  if (!found) console.warn("skipped: aws-cdk-lib isn't here (npm ci in examples/aws-cdk)");
  return found;
}

const Template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}).default({}) })),
});
const Container = z.object({
  ContainerDefinitions: z.tuple([
    z.looseObject({
      ReadonlyRootFilesystem: z.literal(true),
      StopTimeout: z.number(),
      Environment: z.array(z.object({ Name: z.string(), Value: z.unknown() })),
      Secrets: z.array(z.object({ Name: z.string() })),
    }),
  ]),
});
const Policy = z.object({
  PolicyDocument: z.object({
    Statement: z.array(z.looseObject({ Action: z.union([z.string(), z.array(z.string())]) })),
  }),
  Roles: z.tuple([z.object({ Ref: z.string() })]),
});

/** Of a variable; what only the deployment knows is an example. */
function valueOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  return name.includes("ENDPOINT") ? "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs" : "example";
}

describe.runIf(isInstalled())("the deployment on ECS", () => {
  let out: string;
  let resources: z.infer<typeof Template>["Resources"];

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), "cdk-"));
    const context = { flowLogBucket: "my-flow-logs", flowLogPrefix: "prod", image: "example/grapherd:1" };
    await run(process.execPath, ["--import", "tsx", "app.ts"], {
      cwd: example,
      env: { ...process.env, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify(context) },
      timeout: DEADLINE_MS,
    });
    const text = await readFile(join(out, "VpcflowGrapherd.template.json"), "utf8");
    resources = Template.parse(JSON.parse(text)).Resources;
  });

  afterAll(() => rm(out, { recursive: true }));

  function all(type: string): [string, Record<string, unknown>][] {
    return Object.entries(resources)
      .filter(([, { Type }]) => Type === type)
      .map(([name, { Properties }]) => [name, Properties]);
  }

  /** What the tasks of one kind run with. */
  function containerOf(kind: "Api" | "Worker") {
    const [, task] = all("AWS::ECS::TaskDefinition").find(([name]) => name.startsWith(kind)) ?? [];
    return Container.parse(task).ContainerDefinitions[0];
  }

  /** The actions that the role of one kind of tasks may do on SQS and S3. */
  function allowed(kind: "Api" | "Worker"): Set<string> {
    const actions = all("AWS::IAM::Policy")
      .map(([, policy]) => Policy.safeParse(policy).data)
      .filter((policy) => policy?.Roles[0].Ref.startsWith(`${kind}TaskTaskRole`))
      .flatMap((policy) => policy?.PolicyDocument.Statement.flatMap(({ Action }) => Action) ?? [])
      .filter((action) => /^(?:sqs|s3):/.test(action));
    return new Set(actions);
  }

  test("its types are right", async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    await run(process.execPath, [tsc, "-p", example], { timeout: DEADLINE_MS });
  });

  test("has two services, a queue with dead letters, buckets and alarms", () => {
    expect(all("AWS::ECS::Service")).toHaveLength(2);
    expect(all("AWS::SQS::Queue")).toHaveLength(2);
    const redrive = all("AWS::SQS::Queue").flatMap(([, { RedrivePolicy }]) => RedrivePolicy ?? []);
    expect(redrive).toMatchObject([{ maxReceiveCount: 5 }]);
    expect(all("AWS::S3::Bucket")).toHaveLength(2);
    for (const [, bucket] of all("AWS::S3::Bucket")) {
      expect(bucket).toMatchObject({
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
        BucketEncryption: expect.anything(),
        LifecycleConfiguration: expect.anything(),
      });
      expect(bucket).not.toHaveProperty("VersioningConfiguration");
    }
    expect(all("AWS::CloudWatch::Alarm").map(([name]) => name.replace(/[0-9A-F]{8}$/, ""))).toEqual(
      expect.arrayContaining(["JobsGivenUp", "JobsWaitLong", "ApiFails", "ApiNotReady"]),
    );
    expect(all("AWS::ElasticLoadBalancingV2::LoadBalancer")).toMatchObject([
      [expect.anything(), { Scheme: "internal" }],
    ]);
  });

  test.for(["Api", "Worker"] as const)(
    "the settings of %s are those of the service, and understood",
    (kind) => {
      const { Environment, Secrets, StopTimeout } = containerOf(kind);
      const env = Object.fromEntries([
        ...Environment.map(({ Name, Value }) => [Name, valueOf(Name, Value)] as const),
        ...Secrets.map(({ Name }) => [Name, "secret"] as const),
      ]);
      const config = loadConfig(env);
      expect(configWarnings(config, env)).toEqual([]);
      expect(config.SQS_CONSUME).toBe(kind === "Worker");
      expect(config.STREAM_APPLIANCE_ENDPOINT?.place).toHaveProperty("region", "eu-west-1");
      expect(config.RUNTIME_SHUTDOWN_TIMEOUT).toBe((StopTimeout - 10) * 1000);
    },
  );

  test("each role may do what its tasks do, and no more", () => {
    const common = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:PutObject",
      "sqs:GetQueueAttributes",
      "sqs:SendMessage",
    ];

    const receiving = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"];
    expect(allowed("Api")).toEqual(new Set(common));
    expect(allowed("Worker")).toEqual(new Set([...common, ...receiving]));
  });
});
