/**
 * The fields that only some logs have, and that edges have as columns of the same names with underscores. A field's number
 * is its place here.
 */
export const FURTHER_FIELDS = [
  "vpc-id",
  "subnet-id",
  "instance-id",
  "az-id",
  "flow-direction",
  "traffic-path",
  "pkt-src-aws-service",
  "pkt-dst-aws-service",
  "ecs-service-name",
  "reject-reason",
] as const;

const NAMES: ReadonlySet<string> = new Set(FURTHER_FIELDS);

/** Whether a graph can do without the field. */
export function isFurther(field: string): boolean {
  return NAMES.has(field);
}
