import type { TimeWindow } from "../../window.js";

/** What the name of an object tells, in the form AWS gives it, or of any file with an extension that flow logs have. */
interface LogName {
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
export const RECOGNISED = "files named *.log, *.log.gz, *.gz or *.parquet, in AWS's layouts or any other";

const BUCKET_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** How far outside the window the folders of days are looked into. */
const SLACK_MS = 3_600_000;
// Parsed from the right: whatever stands in front of the account, such as a prefix, doesn't matter.
const AWS_NAME =
  /(?:^|[^0-9])(\d{12})_([a-z]+)_([a-z0-9-]+)_[a-z0-9-]+_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[0-9a-z]+\.log(?:\.gz|\.parquet)?$/i;
// `.gz` alone, as CloudWatch exports it, but not `.json.gz`, `.tar.gz` and the like.
const ANY_NAME = /(?:\.log|\.log\.gz|\.parquet|^[^.]*(?:\.[0-9][^.]*)*\.gz)$/i;

/** Undefined for what is no flow log by its name, the logs of other AWS services included. */
function parseName(key: string): LogName | undefined {
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

/** Whether AWS gave a flow log this name, or only its content can tell. */
export function namedBy(key: string): "aws" | "otherwise" {
  return parseName(key)?.aws === undefined ? "otherwise" : "aws";
}

/** Whose flow logs a file holds, as far as its name or folders tell. */
export function accountOf(key: string): string | undefined {
  return parseName(key)?.aws?.account ?? parsePlace(key).account;
}

/** What of the flow logs is wanted. Without accounts or regions: those of all. */
export interface Selection {
  readonly window: TimeWindow;
  readonly accounts?: ReadonlySet<string> | undefined;
  readonly regions?: ReadonlySet<string> | undefined;
}

/** What a key is to a selection: a file to read, or why it isn't one. */
export type Choice = LogName["format"] | "foreign" | "notSelected" | "outsideWindow";

export function choose(key: string, { window, accounts, regions }: Selection): Choice {
  const name = parseName(key);
  if (name === undefined) return "foreign";
  const place = parsePlace(key);
  const account = name.aws?.account ?? place.account;
  const region = name.aws?.region ?? place.region;
  // A file that doesn't tell whose it is isn't known to be one of those asked for.
  if (accounts !== undefined && (account === undefined || !accounts.has(account))) return "notSelected";
  if (regions !== undefined && (region === undefined || !regions.has(region))) return "notSelected";
  if (name.aws === undefined) return name.format;
  const { bucket } = name.aws;
  const inside = bucket < window.stopDate.getTime() && bucket + BUCKET_MS > window.startDate.getTime();
  return inside ? name.format : "outsideWindow";
}

/** Whether files wanted can lie below a prefix such as `AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06`. */
export function mayLieBelow(prefix: string, { window, accounts, regions }: Selection): boolean {
  const { account, region, date } = parsePlace(`${prefix}/`);
  if (account !== undefined && accounts?.has(account) === false) return false;
  if (region !== undefined && regions?.has(region) === false) return false;
  return date === undefined || daysOf(window).some((day) => day.startsWith(date));
}

/** The days, as 2024-06-01 in UTC, under which files with records of the window can lie. */
export function daysOf(window: TimeWindow): string[] {
  const days: string[] = [];
  const first = new Date(window.startDate.getTime() - SLACK_MS).setUTCHours(0, 0, 0, 0);
  for (let day = first; day <= window.stopDate.getTime() + SLACK_MS; day += DAY_MS) {
    days.push(new Date(day).toISOString().slice(0, 10));
  }
  return days;
}

const REGION_FOLDER =
  /^(?:.*\/)?(?:\d{12}\/vpcflowlogs\/[a-z0-9-]+|aws-account-id=\d{12}\/(?:aws-)?service=vpcflowlogs\/aws-region=[a-z0-9-]+)\//;

/** The folder of a region in one of AWS's layouts, below which are the folders of days, in which a prefix lies, or which it is. */
export function regionFolderOf(prefix: string): string | undefined {
  return REGION_FOLDER.exec(prefix)?.[0];
}

/** The prefix of a day, such as 2024-06-01, below the folder of a region; with hours below it or not. */
export function dayPrefix(regionFolder: string, day: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  return /\/aws-region=[^/]*\/$/.test(regionFolder)
    ? `${regionFolder}year=${year}/month=${month}/day=${date}/`
    : `${regionFolder}${year}/${month}/${date}/`;
}

// Beside the flow logs, other services have their folders in that of the account; only the hive layout names the service
// in more than one way.
const ACCOUNT_FOLDER = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/$/;

/** The part of a folder in which there can be flow logs: all of it, or in the folder of an account only one below. */
export function flowLogsPart(folder: string): string {
  return ACCOUNT_FOLDER.test(folder) ? `${folder}vpcflowlogs/` : folder;
}

/** What the folders of a key tell, in each of the layouts that AWS offers. */
interface Place {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** As far as it is told: 2024, 2024-06, 2024-06-01. */
  readonly date?: string | undefined;
}

// [organisation/]account/vpcflowlogs/region/2024/06/01/[23/]
const PLAIN = /(?:^|\/)(\d{12})\/vpcflowlogs\/(?:([a-z0-9-]+)\/(?:(\d{4})\/(?:(\d\d)\/(?:(\d\d)\/)?)?)?)?/;
// [organisation/]aws-account-id=…/aws-service=vpcflowlogs/aws-region=…/year=2024/month=06/day=01/[hour=23/]
const HIVE =
  /(?:^|\/)aws-account-id=(\d{12})\/(?:(?:aws-)?service=vpcflowlogs\/(?:aws-region=([a-z0-9-]+)\/(?:year=(\d{4})\/(?:month=(\d\d)\/(?:day=(\d\d)\/)?)?)?)?)?/;

function parsePlace(key: string): Place {
  const match = PLAIN.exec(key) ?? HIVE.exec(key);
  if (match === null) return {};
  const [, account, region, ...date] = match;
  const told = date.filter((part) => part !== undefined);
  return { account, region, date: told.length === 0 ? undefined : told.join("-") };
}
