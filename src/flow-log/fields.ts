/**
 * The fields of AWS flow logs, by the names that stand in header lines and in a flow log's format.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 * https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html (version 6)
 */
const FIELDS = {
  2: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
  3: "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
  4: "region az-id sublocation-type sublocation-id",
  5: "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
  6:
    "resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id " +
    "tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id " +
    "tgw-pair-attachment-id packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded " +
    "packets-lost-ttl-expired",
  7:
    "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id " +
    "ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id",
  8: "reject-reason",
  9: "resource-id",
  10: "encryption-status",
  11:
    "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type " +
    "next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type",
} as const;

/** The default format, version 2: what a flow log without a header is taken to hold. Digests are written in it. */
export const DEFAULT_FORMAT: readonly string[] = FIELDS[2].split(" ");

/** The default format of Transit Gateways, which holds no action and no interface. */
const TRANSIT_GATEWAY_FORMAT: readonly string[] = (
  "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id " +
  "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id " +
  "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end " +
  "log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded " +
  "packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
).split(" ");

/** What AWS writes unless it is told otherwise: known without a header, and told apart by the number of fields. */
export const DEFAULT_FORMATS: readonly (readonly string[])[] = [DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT];

const KNOWN: ReadonlySet<string> = new Set(Object.values(FIELDS).flatMap((names) => names.split(" ")));

/** Athena, Glue and Parquet write the names with underscores. */
export function fieldName(word: string): string {
  return word.replaceAll("_", "-");
}

/** Only header lines consist of nothing but names of which one is a known field's: each value that could pass for a name is not one. */
export function isHeader(words: readonly string[]): boolean {
  return (
    words.some((word) => KNOWN.has(fieldName(word))) && words.every((word) => /^[a-z][a-z0-9_-]*$/.test(word))
  );
}
