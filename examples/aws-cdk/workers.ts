import { Duration, type Stack } from "aws-cdk-lib";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Shared } from "./grapher-stack.js";

/** As long as Fargate lets a task take to stop, less what the service needs after its jobs. */
const SHUTDOWN_SECONDS = 110;
const MAX_WORKERS = 8;

/** Tasks that receive jobs: at least one, more while jobs wait. Nobody connects to them. */
export function addWorkers(stack: Stack, { cluster, queue, task }: Shared): ecs.FargateService {
  const taskDefinition = task("Worker", {
    cpu: 2048,
    memoryLimitMiB: 4096,
    environment: { WORKER_CONCURRENCY: "2" },
    shutdownSeconds: SHUTDOWN_SECONDS,
  });
  taskDefinition.addToTaskRolePolicy(
    new iam.PolicyStatement({
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      resources: [queue.queueArn],
    }),
  );
  const service = new ecs.FargateService(stack, "Workers", {
    cluster,
    taskDefinition,
    minHealthyPercent: 100,
    circuitBreaker: { rollback: true },
  });
  const scaling = service.autoScaleTaskCount({ minCapacity: 1, maxCapacity: MAX_WORKERS });
  scaling.scaleOnMetric("Waiting", {
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) }),
    scalingSteps: [
      { upper: 0, change: -1 },
      { lower: 2, change: +1 },
      { lower: 20, change: +4 },
    ],
    cooldown: Duration.minutes(3),
  });
  return service;
}
