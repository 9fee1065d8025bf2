import { CfnOutput, Duration, type Stack } from "aws-cdk-lib";
import * as acm from "aws-cdk-lib/aws-certificatemanager";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type { Shared } from "./grapher-stack.js";

const SHUTDOWN_SECONDS = 30;

export interface Api {
  readonly service: ecs.FargateService;
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly targets: elb.ApplicationTargetGroup;
}

/** Two tasks that take requests and answer questions about graphs. They send jobs, and work none. */
export function addApi(
  stack: Stack,
  { vpc, cluster, task }: Shared,
  certificateArn: string | undefined,
): Api {
  const taskDefinition = task("Api", {
    cpu: 1024,
    memoryLimitMiB: 2048,
    environment: { SQS_CONSUME: "false" },
    shutdownSeconds: SHUTDOWN_SECONDS,
  });
  const service = new ecs.FargateService(stack, "Api", {
    cluster,
    taskDefinition,
    desiredCount: 2,
    minHealthyPercent: 100,
    circuitBreaker: { rollback: true },
  });
  // Only what is in the VPC, or connected to it, reaches it.
  const balancer = new elb.ApplicationLoadBalancer(stack, "Balancer", {
    vpc,
    internetFacing: false,
    // Below the 75 s after which the service closes idle connections itself.
    idleTimeout: Duration.seconds(60),
    dropInvalidHeaderFields: true,
  });
  const listener =
    certificateArn === undefined
      ? balancer.addListener("Http", { port: 80, open: false })
      : balancer.addListener("Https", {
          port: 443,
          open: false,
          certificates: [acm.Certificate.fromCertificateArn(stack, "Certificate", certificateArn)],
          sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
        });
  listener.connections.allowDefaultPortFrom(ec2.Peer.ipv4(vpc.vpcCidrBlock), "callers in the VPC");
  const targets = listener.addTargets("Api", {
    protocol: elb.ApplicationProtocol.HTTP,
    port: 8080,
    targets: [service],
    // Takes a task out that can't reach S3 or the queue.
    healthCheck: { path: "/readiness", interval: Duration.seconds(15), timeout: Duration.seconds(10) },
    deregistrationDelay: Duration.seconds(SHUTDOWN_SECONDS),
  });
  new CfnOutput(stack, "Url", {
    value: `${certificateArn === undefined ? "http" : "https"}://${balancer.loadBalancerDnsName}`,
  });
  return { service, balancer, targets };
}
