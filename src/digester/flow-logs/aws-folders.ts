import { isOtherService } from "./aws-name.js";

/** What the folders of a key tell, in each of the layouts that AWS offers. */
export interface Place {
  readonly account?: string | undefined;
  /** The folder below the account's belongs to another service. */
  readonly otherService?: boolean | undefined;
  readonly region?: string | undefined;
  /** As far as it is told: 2024, 2024-06, 2024-06-01. */
  readonly date?: string | undefined;
}

const ACCOUNT = /^\d{12}$/;
const HIVE_ACCOUNT = /^aws-account-id=(\d{12})$/;
const HIVE_SERVICE = /^(?:aws-)?service=(.+)$/;
const ORGANISATION = /^o-[a-z0-9]+$/;
const REGION = /^(?:aws-region=)?([a-z]+(?:-[a-z]+)+-\d+)$/;
// Tables that were written again have months and days without a leading zero.
const YEAR = /^(?:year=)?(\d{4})$/;
const MONTH = /^(?:month=)?(0?[1-9]|1[0-2])$/;
const DAY = /^(?:day=)?(0?[1-9]|[12]\d|3[01])$/;

/**
 * Reads the folders of a key, or of a folder that ends with a slash: [AWSLogs/][organisation/]account/vpcflowlogs/region/2024/06/01/,
 * or the same as name=value, with whatever in front. They end where the layout does.
 */
export function parsePlace(key: string): Place {
  const names = key.split("/").slice(0, -1).map(decoded);
  // The last account counts: people put AWS's folders below others that are named by accounts.
  const at = names.findLastIndex((_, index) => isAccount(names, index));
  const [account, service, region, ...date] = at === -1 ? [] : names.slice(at);
  if (account === undefined) return {};
  const place: Place = { account: HIVE_ACCOUNT.exec(account)?.[1] ?? account };
  if (service === undefined) return place;
  if (isOtherService(HIVE_SERVICE.exec(service)?.[1] ?? service)) return { ...place, otherService: true };
  const told = REGION.exec(region ?? "")?.[1];
  if (told === undefined) return place;
  return { ...place, region: told, date: parseDate(date) };
}

function isAccount(names: readonly string[], index: number): boolean {
  const name = names[index] ?? "";
  if (HIVE_ACCOUNT.test(name)) return true;
  if (!ACCOUNT.test(name)) return false;
  // Any twelve digits may be something else, such as a time.
  const [above, service = ""] = [names[index - 1] ?? "", names[index + 1]];
  if (above === "AWSLogs" || (ORGANISATION.test(above) && names[index - 2] === "AWSLogs")) return true;
  return service === "vpcflowlogs" || isOtherService(service);
}

function parseDate(names: readonly string[]): string | undefined {
  const told: string[] = [];
  for (const [index, form] of [YEAR, MONTH, DAY].entries()) {
    const value = form.exec(names[index] ?? "")?.[1];
    if (value === undefined) break;
    told.push(value.padStart(2, "0"));
  }
  return told.length === 0 ? undefined : told.join("-");
}

/** Some tools write `=` as %3D into the names of folders. */
function decoded(name: string): string {
  return name.replaceAll(/%3d/gi, "=");
}

/** The folder of a region, in a form that AWS uses. */
const REGION_FOLDER =
  /^(?:.*\/)?(?:\d{12}\/vpcflowlogs\/|aws-account-id=\d{12}\/(?:aws-)?service=vpcflowlogs\/aws-region=)[a-z]+(?:-[a-z]+)+-\d+\//;

/** The folders of these days, such as 2024-06-01, as AWS names them, that lie below a folder or are the folder. */
export function dayFolders(folder: string, days: readonly string[]): string[] {
  const region = REGION_FOLDER.exec(folder)?.[0];
  if (region === undefined) return [];
  const hive = /\/aws-region=[^/]*\/$/.test(region);
  return days
    .map((day) => {
      const [year = "", month = "", date = ""] = day.split("-");
      return hive
        ? `${region}year=${year}/month=${month}/day=${date}/`
        : `${region}${year}/${month}/${date}/`;
    })
    .filter((day) => day.startsWith(folder));
}
