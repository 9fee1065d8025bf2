import { Duration, type Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Api } from "./api.js";
import type { Shared } from "./grapher-stack.js";

export interface Watched {
  readonly shared: Shared;
  readonly api: Api;
  readonly workers: ecs.FargateService;
  readonly email: string | undefined;
}

/** What somebody should look at. */
export function addAlarms(stack: Stack, { shared, api, workers, email }: Watched): void {
  const topic = new sns.Topic(stack, "Alarms", { enforceSSL: true });
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  const period = Duration.minutes(5);
  const above = (
    name: string,
    alarmDescription: string,
    metric: cloudwatch.IMetric,
    threshold: number,
    evaluationPeriods = 1,
  ) => {
    const alarm = new cloudwatch.Alarm(stack, name, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
  };
  above(
    "JobsGivenUp",
    "A job failed each time: the log says why. Send it again with SQS's redrive once that is mended",
    shared.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: "max" }),
    0,
  );
  above(
    "JobsWaitLong",
    "The oldest job has waited for half an hour: there are too few workers, or they fail",
    shared.queue.metricApproximateAgeOfOldestMessage({ period, statistic: "max" }),
    1800,
  );
  above(
    "ApiFails",
    "Requests are answered 5xx: the log says why",
    api.balancer.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period }),
    10,
  );
  above(
    "ApiNotReady",
    "A task of the API can't reach S3 or the queue, or doesn't answer: /readiness names it",
    api.targets.metrics.unhealthyHostCount({ period, statistic: "max" }),
    0,
    2,
  );
  above(
    "WorkersShortOfMemory",
    "Workers use more than 90 % of their memory: fewer jobs at once (WORKER_CONCURRENCY), or larger tasks",
    workers.metricMemoryUtilization({ period, statistic: "max" }),
    90,
    2,
  );
}
