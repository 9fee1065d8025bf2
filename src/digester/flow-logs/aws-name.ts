/** What the name of a file tells when it is the one that AWS gave to a flow log, whatever became of its extensions since. */
export interface AwsName {
  readonly account: string;
  readonly region: string;
  /** Such as fl-0a1b2c3d4e5f60718. */
  readonly flowLog: string;
  /** Milliseconds since 1970. Its records end up to five minutes before or after. */
  readonly time: number;
  /** The same for two files: one holds what the other does, in another place or packed in another way. */
  readonly identity: string;
}

// Whatever stands in front of the account doesn't matter, nor what follows the hash: files are packed again and renamed.
const AWS_NAME =
  /(?:^|[^0-9])((\d{12})_vpcflowlogs_([a-z0-9-]+)_([a-z0-9-]+)_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[0-9a-z]+)(?![0-9a-z])(.*)$/is;
// What leaves the records in a file as they are: marks of copies and of packing. ` (1)` is a browser's, ` copy` macOS's.
const COPY_MARK = /(?: -)? copy(?: \d+| \(\d+\))?(?=\.|$)| ?\(\d+\)/gi;
const PACKING =
  /(?:\.(?:log|gz|gzip|parquet|zst|zstd|bz2|xz|lz4|zip|enc|gpg|txt|tmp|part|bak|old|orig))+~?$/i;
const CHECKSUM = /\.(?:md5|sha(?:1|224|256|384|512)|crc(?:32c?)?|asc|sig)$/i;

/** Undefined for a name that isn't AWS's. */
export function parseAwsName(key: string): AwsName | undefined {
  const match = AWS_NAME.exec(baseName(key));
  if (match === null) return undefined;
  const [, stem = "", account = "", region = "", flowLog = "", ...others] = match;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = others.slice(0, 5).map(Number);
  const rest = (others[5] ?? "").replace(COPY_MARK, "").replace(PACKING, "");
  return {
    account,
    region: region.toLowerCase(),
    flowLog: flowLog.toLowerCase(),
    time: Date.UTC(year, month - 1, day, hour, minute),
    identity: `${stem}${rest}`.toLowerCase(),
  };
}

/** Other services whose logs AWS delivers into the folders of accounts, in lower case, as folders and names have them. */
const OTHER_SERVICES = [
  "cloudfront",
  "cloudtrail",
  "cloudtrail-aggregated",
  "cloudtrail-digest",
  "cloudtrail-insight",
  "cloudtrail-networkactivity",
  "config",
  "elasticloadbalancing",
  "globalaccelerator",
  "guardduty",
  "inspector",
  "network-firewall",
  "redshift",
  "securityhub",
  "verifiedaccess",
  "vpcdnsquerylogs",
  "vpclattice",
  "waflogs",
];
const OTHER_SERVICE = new Set(OTHER_SERVICES);
const ANY_SERVICE = OTHER_SERVICES.join("|");
// Of 123456789012_CloudTrail_us-east-1_20240601T1200Z_….json.gz, and of
// vpc-0a1b2c3d_vpcdnsquerylogs_123456789012_20240601T1200Z_….log.gz.
const OTHER_NAME = new RegExp(`(?:^|[^0-9])\\d{12}_(?:${ANY_SERVICE})_|_(?:${ANY_SERVICE})_\\d{12}_`, "i");

/** Whether this is what AWS calls a service other than flow logs, in the folder of an account. */
export function isOtherService(folder: string): boolean {
  return OTHER_SERVICE.has(folder.toLowerCase());
}

/** Whether AWS gave this name to another service's log. */
export function isOtherServicesName(key: string): boolean {
  return OTHER_NAME.test(baseName(key));
}

/** Whether macOS gave this name to the attributes of a file. */
export function isAttributesName(key: string): boolean {
  return key.startsWith("._", key.lastIndexOf("/") + 1);
}

/** Whether a tool gave this name to what it says of a file beside, such as its checksum. */
export function isChecksumName(key: string): boolean {
  return CHECKSUM.test(key);
}

/** Whether AWS gave this very name, so that no hand has been at the file. */
export function isUntouched(key: string): boolean {
  return /^\d{12}_vpcflowlogs_[^ ()]*Z_[0-9a-z]+\.log(?:\.gz|\.parquet)$/i.test(baseName(key));
}

function baseName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
