import { App } from "aws-cdk-lib";
import { GrapherStack } from "./grapher-stack.js";

const app = new App();

/** A value of `cdk deploy -c name=value`. */
function given(name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

const flowLogBucket = given("flowLogBucket");
if (flowLogBucket === undefined) {
  throw new Error("name the bucket with your flow logs: cdk deploy -c flowLogBucket=my-flow-logs");
}

new GrapherStack(app, "VpcflowGrapherd", {
  flowLogBucket,
  flowLogPrefix: given("flowLogPrefix"),
  image: given("image"),
  certificateArn: given("certificateArn"),
  alarmEmail: given("alarmEmail"),
  // Region and account are those that the AWS CLI is set up for.
});
