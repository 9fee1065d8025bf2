import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as secrets from "aws-cdk-lib/aws-secretsmanager";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { addAlarms } from "./alarms.js";
import { addApi } from "./api.js";
import { addWorkers } from "./workers.js";

export interface GrapherProps extends StackProps {
  /** The bucket that holds your flow logs. It stays yours: the stack only reads it. */
  readonly flowLogBucket: string;
  /** Where in the bucket they are, such as `production`. Unset: AWS's own folders are looked for at the top. */
  readonly flowLogPrefix?: string | undefined;
  /** A container image in a registry. Unset: it is built from this checkout. */
  readonly image?: string | undefined;
  /** A certificate of ACM for the load balancer. Unset: callers inside the VPC speak plain HTTP. */
  readonly certificateArn?: string | undefined;
  /** Who gets a mail when an alarm goes off. */
  readonly alarmEmail?: string | undefined;
}

/** What API and workers have in common. */
export interface Shared {
  readonly vpc: ec2.IVpc;
  readonly cluster: ecs.Cluster;
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;
  /** A task that runs the image with these variables, and may do what both kinds need. */
  task(name: string, options: TaskOptions): ecs.FargateTaskDefinition;
}

export interface TaskOptions {
  readonly cpu: number;
  readonly memoryLimitMiB: number;
  readonly environment: Record<string, string>;
  /** How long running jobs may take when a task stops. */
  readonly shutdownSeconds: number;
}

/** vpcflow-grapherd on Fargate: an API behind a load balancer, workers that grow with the queue, all state in S3 and SQS. */
export class GrapherStack extends Stack {
  constructor(scope: Construct, id: string, props: GrapherProps) {
    super(scope, id, props);

    const bucket = (name: string, options: s3.BucketProps) =>
      new s3.Bucket(this, name, {
        blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
        encryption: s3.BucketEncryption.S3_MANAGED,
        enforceSSL: true,
        removalPolicy: RemovalPolicy.RETAIN,
        ...options,
      });
    const graphs = bucket("Graphs", {
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    // Without versions: a claim is replaced every few seconds. What is left there are the reasons of failed jobs.
    const claims = bucket("Claims", { lifecycleRules: [{ expiration: Duration.days(7) }] });
    const flowLogs = s3.Bucket.fromBucketName(this, "FlowLogs", props.flowLogBucket);

    const deadLetters = new sqs.Queue(this, "DeadLetters", {
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    const queue = new sqs.Queue(this, "Jobs", {
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(7),
      // A worker that is killed costs one receive, at times two.
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    });

    const vpc = new ec2.Vpc(this, "Vpc", { maxAzs: 2, natGateways: 1 });
    // Flow logs are large: through a NAT gateway each gigabyte would cost.
    vpc.addGatewayEndpoint("S3", { service: ec2.GatewayVpcEndpointAwsService.S3 });
    const cluster = new ecs.Cluster(this, "Cluster", {
      vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const logGroup = new logs.LogGroup(this, "Log", { retention: logs.RetentionDays.ONE_MONTH });
    const token = new secrets.Secret(this, "ApiToken", {
      description: "The bearer token that callers of vpcflow-grapherd send",
      generateSecretString: { excludePunctuation: true, passwordLength: 43 },
    });
    const image =
      props.image === undefined
        ? ecs.ContainerImage.fromAsset(fileURLToPath(new URL("../..", import.meta.url)))
        : ecs.ContainerImage.fromRegistry(props.image);

    const prefix = props.flowLogPrefix ?? "";
    const shared: Shared = {
      vpc,
      cluster,
      queue,
      deadLetters,
      task: (name, { cpu, memoryLimitMiB, environment, shutdownSeconds }) => {
        const task = new ecs.FargateTaskDefinition(this, `${name}Task`, {
          cpu,
          memoryLimitMiB,
          volumes: [{ name: "data" }],
          runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.X86_64 },
        });
        const container = task.addContainer("grapherd", {
          image,
          readonlyRootFilesystem: true,
          logging: ecs.LogDrivers.awsLogs({ streamPrefix: name.toLowerCase(), logGroup }),
          // Above what the service itself waits for.
          stopTimeout: Duration.seconds(shutdownSeconds + 10),
          portMappings: [{ containerPort: 8080 }],
          healthCheck: { command: ["CMD", "node", "-e", HEALTHY], startPeriod: Duration.seconds(30) },
          secrets: { API_TOKENS: ecs.Secret.fromSecretsManager(token) },
          environment: {
            GRAPH_STORAGE_BUCKET: graphs.bucketName,
            GRAPH_STORAGE_BUCKET_REGION: this.region,
            GRAPH_PROGRESS_BUCKET: claims.bucketName,
            GRAPH_PROGRESS_BUCKET_REGION: this.region,
            DIGESTER_ENDPOINT: `s3://${flowLogs.bucketName}/${prefix}`,
            STREAM_APPLIANCE_ENDPOINT: queue.queueUrl,
            RUNTIME_SHUTDOWN_TIMEOUT: `${shutdownSeconds}s`,
            RUNTIME_STATS_OUTPUT: "NULL",
            ...environment,
          },
        });
        // For what doesn't fit into memory while flow logs are summed up.
        container.addMountPoints({ containerPath: "/data", sourceVolume: "data", readOnly: false });
        const allow = (actions: string[], ...resources: string[]) =>
          task.addToTaskRolePolicy(new iam.PolicyStatement({ actions, resources }));
        allow(["s3:ListBucket"], graphs.bucketArn, claims.bucketArn, flowLogs.bucketArn);
        allow(
          ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
          graphs.arnForObjects("*"),
        );
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], claims.arnForObjects("*"));
        allow(["s3:GetObject"], flowLogs.arnForObjects(prefix === "" ? "*" : `${prefix}/*`));
        allow(["sqs:SendMessage", "sqs:GetQueueAttributes"], queue.queueArn);
        return task;
      },
    };
    const api = addApi(this, shared, props.certificateArn);
    const workers = addWorkers(this, shared);
    addAlarms(this, { shared, api, workers, email: props.alarmEmail });
  }
}

const HEALTHY =
  "fetch('http://127.0.0.1:8080/healthcheck').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";
