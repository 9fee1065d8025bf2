import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const ACCOUNT = "123456789012";
const HEAD =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/** A folder of flow logs, as AWS has them, to which further hours are added. */
export class LogFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async copy(from: string): Promise<void> {
    await cp(from, this.path, { recursive: true });
  }

  /** One file for the hour that begins at `hour` (RFC 3339). */
  async add(hour: string, records: readonly string[]): Promise<void> {
    const [, date = "", time = ""] = /^([\d-]+)T(\d\d)/.exec(hour) ?? [];
    const stamp = `${date.replaceAll("-", "")}T${time}30Z`;
    const folder = join(this.path, "AWSLogs", ACCOUNT, "vpcflowlogs/eu-west-1", date.replaceAll("-", "/"));
    const file = join(
      folder,
      `${ACCOUNT}_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_${stamp}_0a1b2c3d.log.gz`,
    );
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, gzipSync(`${[HEAD, ...records].join("\n")}\n`));
  }
}

/** Records of so many clients of one server, in the hour that begins at `hour`. */
export function clients(hour: string, count: number): string[] {
  const start = Date.parse(hour) / 1000 + 600;
  return Array.from({ length: count }, (_, client) => {
    const address = `10.1.${Math.floor(client / 250)}.${client % 250}`;
    const [bytes, port] = [1000 + client, 40_000 + client];
    const rest = `${start} ${start + 60} ACCEPT OK`;
    return `2 ${ACCOUNT} eni-0a1b2c3d ${address} 10.2.0.1 ${port} 443 6 5 ${bytes} ${rest}`;
  });
}

/** Of an interface without traffic, and of records that AWS lost. */
export function silence(hour: string): string[] {
  const start = Date.parse(hour) / 1000 + 600;
  return ["NODATA", "NODATA", "SKIPDATA"].map(
    (status) => `2 ${ACCOUNT} eni-0a1b2c3d - - - - - - - ${start} ${start + 60} - ${status}`,
  );
}
