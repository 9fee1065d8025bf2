import type { TimeWindow } from "../../window.js";

/** What the name of an object tells, in the form AWS gives it, or of any file with an extension that flow logs have. */
export interface LogName {
  readonly format: "text" | "parquet";
  /** Only of names that AWS gave. */
  readonly aws?: {
    readonly account: string;
    readonly region: string;
    /** Milliseconds since 1970: the records end in the five minutes that begin here. */
    readonly bucket: number;
  };
}

/** What is recognised, for messages. */
export const RECOGNISED = "files named *.log, *.log.gz, *.gz or *.parquet";

const BUCKET_MS = 5 * 60_000;
// Parsed from the right: whatever stands in front of the account, such as a prefix, doesn't matter.
const AWS_NAME =
  /(?:^|[^0-9])(\d{12})_([a-z]+)_([a-z0-9-]+)_[a-z0-9-]+_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[0-9a-z]+\.log(?:\.gz|\.parquet)?$/i;
// `.gz` alone, as CloudWatch exports it, but not `.json.gz`, `.tar.gz` and the like.
const ANY_NAME = /(?:\.log|\.log\.gz|\.parquet|^[^.]*(?:\.[0-9][^.]*)*\.gz)$/i;

/** Undefined for what is no flow log by its name, the logs of other AWS services included. */
export function parseName(key: string): LogName | undefined {
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (!ANY_NAME.test(name)) return undefined;
  const format = /\.parquet$/i.test(name) ? "parquet" : "text";
  const match = AWS_NAME.exec(name);
  if (match === null) return { format };
  const [, account = "", service, region = "", ...time] = match;
  if (service !== "vpcflowlogs") return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = time.map(Number);
  return { format, aws: { account, region, bucket: Date.UTC(year, month - 1, day, hour, minute) } };
}

/** Whether a file with this name can hold a record that ends within the window. */
export function mayHold(name: LogName, window: TimeWindow): boolean {
  if (name.aws === undefined) return true;
  const { bucket } = name.aws;
  return bucket < window.stopDate.getTime() && bucket + BUCKET_MS > window.startDate.getTime();
}
