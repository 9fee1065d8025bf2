import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Selection } from "../../src/digester/flow-logs/selection.js";
import type { Listing, Source } from "../../src/digester/flow-logs/source.js";
import { DependencyError } from "../../src/errors.js";
import { TimeWindow } from "../../src/window.js";

const never = new AbortController().signal;
const WINDOW = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");

const ACCOUNT = "123456789012";
const PLAIN = `AWSLogs/${ACCOUNT}/vpcflowlogs/us-east-1`;
const HIVE = `AWSLogs/aws-account-id=${ACCOUNT}/aws-service=vpcflowlogs/aws-region=us-east-1`;

let files = 0;

/** A name that AWS gives, each with a hash of its own. */
function named(
  time = "20240601T1205Z",
  { account = ACCOUNT, region = "us-east-1", id = "fl-1" } = {},
): string {
  return `${account}_vpcflowlogs_${region}_${id}_${time}_${(++files).toString(36).padStart(8, "0")}.log.gz`;
}

/** Files by their keys: true for those that are candidates. */
type Tree = Readonly<Record<string, boolean>>;

interface Sample {
  readonly name: string;
  readonly tree: Tree;
  readonly selection?: Partial<Selection>;
  /** Of the counts, those that aren't 0. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly warning?: RegExp;
}

const ONE = `${PLAIN}/2024/06/01/${named()}`;
const TWO = `${PLAIN}/2024/06/01/${named("20240601T1210Z")}`;

const SAMPLES: readonly Sample[] = [
  {
    name: "AWS's layouts, plain and hive, by day and by hour, below an organisation, below anything",
    tree: Object.fromEntries(
      [
        `${PLAIN}/2024/06/01`,
        `${PLAIN}/2024/06/01/12`,
        `${HIVE}/year=2024/month=06/day=01`,
        `${HIVE}/year=2024/month=06/day=01/hour=12`,
        `${HIVE.replace("aws-service", "service")}/year=2024/month=06/day=01`,
        `AWSLogs/o-abc123def4/${ACCOUNT}/vpcflowlogs/us-east-1/2024/06/01`,
        `o-abc123def4/AWSLogs/o-abc123def4/111122223333/vpcflowlogs/us-east-1/2024/06/01`,
        `${ACCOUNT}/Test-East-lcl/${PLAIN}/2024/06/01`,
        `deep/down/${PLAIN}/2024/06/01`,
        `${ACCOUNT}/vpcflowlogs/us-east-1/2024/06/01`,
      ].map((folder) => [`${folder}/${named()}`, true]),
    ),
  },
  {
    name: "hive folders whose = is URL-encoded, which may be narrowed to",
    tree: {
      [`${HIVE}/year=2024/month=06/day=01/${named()}`.replaceAll("=", "%3D")]: true,
      [`${HIVE}/year=2024/month=06/day=01/part-0.parquet`.replaceAll("=", "%3d")]: true,
      [`${HIVE}/year=2024/month=05/day=01/part-0.parquet`.replaceAll("=", "%3D")]: false,
      [`${HIVE}/year=2024/month=06/day=01/part-0.parquet`
        .replace(ACCOUNT, "210987654321")
        .replaceAll("=", "%3D")]: false,
    },
    selection: { accounts: new Set([ACCOUNT]), regions: new Set(["us-east-1"]) },
    counts: { foldersNotSelected: 2 },
  },
  {
    name: "months and days without a leading zero",
    tree: {
      [`${PLAIN}/2024/6/1/${named()}`]: true,
      [`${HIVE}/year=2024/month=6/day=1/part-0.parquet`]: true,
      [`${HIVE}/year=2024/month=6/day=1/hour=9/part-0.parquet`]: true,
      [`${HIVE}/year=2024/month=6/day=11/part-0.parquet`]: false,
      [`${HIVE}/year=2024/month=12/day=1/part-0.parquet`]: false,
    },
    counts: { foldersNotSelected: 2 },
  },
  {
    name: "other days, months and years are passed over as folders",
    tree: {
      [ONE]: true,
      [`${PLAIN}/2024/06/02/${named("20240602T1205Z")}`]: false,
      [`${PLAIN}/2024/05/31/${named("20240531T1205Z")}`]: false,
      [`${PLAIN}/2024/05/30/${named("20240530T1205Z")}`]: false,
      [`${PLAIN}/2023/06/01/${named("20230601T1205Z")}`]: false,
    },
    counts: { foldersNotSelected: 3 },
  },
  {
    name: "folders below accounts, regions and days that aren't AWS's",
    tree: {
      [ONE]: true,
      [`${PLAIN}/old/${named()}`]: true,
      [`${PLAIN}/old/2024/05/31/${named()}`]: true,
      [`${PLAIN}/2024/backup/${named()}`]: true,
      [`${PLAIN}/2024/06/backup/a/b/${named()}`]: true,
      [`${PLAIN}/2024/06/01/backup/${named()}`]: true,
      [`AWSLogs/${ACCOUNT}/vpcflowlogs/old/${named()}`]: true,
      [`AWSLogs/${ACCOUNT}/archive/${named()}`]: true,
      [`AWSLogs/${ACCOUNT}/archive/us-east-1/2024/06/01/x.log`]: true,
      [`${HIVE}/year=2024/old/${named()}`]: true,
    },
  },
  {
    name: "files directly in the folders of an account, a region, a year, and at the top",
    tree: {
      [named()]: true,
      [`AWSLogs/${named()}`]: true,
      [`AWSLogs/${ACCOUNT}/${named()}`]: true,
      [`AWSLogs/${ACCOUNT}/${named("20240601T1405Z")}`]: false,
      [`AWSLogs/${ACCOUNT}/vpcflowlogs/${named()}`]: true,
      [`${PLAIN}/${named()}`]: true,
      [`${PLAIN}/2024/${named()}`]: true,
      [`${PLAIN}/2024/06/${named()}`]: true,
      [`${HIVE}/year=2024/loose`]: true,
    },
    counts: { filesOutsideWindow: 1 },
  },
  {
    name: "names that say nothing, in any folder",
    tree: {
      "README.md": true,
      "flow.txt": true,
      "a/b/c/d/e/000000.gz": true,
      "firehose/2024/06/01/12/my-stream-1-2024-06-01-12-03-12-359e52ca": true,
      "ctas/20240601_120000_00012_abcde_bucket-00000": true,
      "cf/EMLARXS9EXAMPLE.2024-06-01-12.1a2b3c4d.gz": true,
      "123456789014/macie-test-object": true,
      "123456789012/ELBAccessLogTestFile": true,
      ".hidden/.flow.log": true,
    },
  },
  {
    name: "other services' folders beside the flow logs",
    tree: {
      [ONE]: true,
      ...Object.fromEntries(
        [
          "elasticloadbalancing",
          "vpcdnsquerylogs",
          "network-firewall",
          "WAFLogs",
          "CloudTrail",
          "CloudTrail-Digest",
          "Config",
          "GuardDuty",
        ].flatMap((service) => [
          [`AWSLogs/${ACCOUNT}/${service}/us-east-1/2024/06/01/x.log.gz`, false],
          [`AWSLogs/o-abc123def4/${ACCOUNT}/${service}/us-east-1/2024/06/01/x.log.gz`, false],
        ]),
      ),
      [`AWSLogs/aws-account-id=${ACCOUNT}/aws-service=vpcdnsquerylogs/x.gz`]: false,
    },
    counts: { foreignFolders: 17 },
  },
  {
    name: "names of other services' logs, and of macOS's attributes, anywhere",
    tree: {
      [ONE]: true,
      "123456789012_CloudTrail_us-east-1_20240601T1200Z_Mu0KsOhtH1ar15ZZ.json.gz": false,
      "lb/123456789012_elasticloadbalancing_us-east-1_app.my-lb.1234567890abcdef_20240601T1205Z_192.0.2.1_2soosksi.log.gz": false,
      "lb/conn_log.123456789012_elasticloadbalancing_us-east-1_app.my-lb.1234567890abcdef_20240601T1205Z_2soosksi.log.gz": false,
      "dns/vpc-0a1b2c3d_vpcdnsquerylogs_123456789012_20240601T1200Z_71584702.log.gz": false,
      "fw/123456789012_network-firewall_flow_us-east-1_fw_202406011200_e5c84094.log.gz": false,
      "waf/123456789012_waflogs_us-east-1_my-acl_20240601T1200Z_0a1b2c3d.log.gz": false,
      [ONE.replace(/[^/]*$/, (name) => `._${name}`)]: false,
    },
    counts: { foreignFiles: 7 },
  },
  {
    name: "files of the window by either meaning of the time in their names",
    tree: Object.fromEntries(
      (
        [
          ["T1154Z", false],
          ["T1155Z", false],
          ["T1156Z", true],
          ["T1200Z", true],
          ["T1259Z", true],
          ["T1300Z", true],
          ["T1304Z", true],
          ["T1305Z", false],
        ] as const
      ).map(([time, inside]) => [`${PLAIN}/2024/06/01/${named(`20240601${time}`)}`, inside]),
    ),
    counts: { filesOutsideWindow: 3 },
  },
  {
    name: "files that were renamed or packed again are still what AWS named",
    tree: Object.fromEntries(
      [
        ".log.zst",
        ".log.bz2",
        ".log.xz",
        ".log.lz4",
        ".log.gz.enc",
        ".log.gz.tmp",
        ".log",
        ".gz",
        ".csv",
        "",
      ].flatMap((extension) => [
        [`${PLAIN}/2024/06/01/${named().replace(".log.gz", extension)}`, true],
        [`${PLAIN}/2024/06/01/${named("20240601T1405Z").replace(".log.gz", extension)}`, false],
      ]),
    ),
    counts: { filesOutsideWindow: 10 },
  },
  {
    name: "what AWS named is read once, wherever its copies are",
    tree: {
      [ONE]: true,
      [`replica/${ONE}`]: false,
      [ONE.replace(".log.gz", " (1).log.gz")]: false,
      [ONE.replace(".log.gz", ".log (2).gz")]: false,
      [ONE.replace(".log.gz", " copy.log.gz")]: false,
      [ONE.replace(".log.gz", " - Copy.log.gz")]: false,
      [ONE.replace(".log.gz", ".log")]: false,
      [ONE.replace(".log.gz", ".log.zst")]: false,
      [`${ONE}.md5`]: false,
      [`${ONE}.sha512`]: false,
      [TWO]: true,
      [`${PLAIN}/2024/06/01/${TWO.slice(-80).replace(/^.*\//, "Copy of ")}`]: false,
    },
    counts: { duplicateFiles: 8, foreignFiles: 2 },
    warning: /^8 files are duplicates/,
  },
  {
    name: "a file whose name says less is never taken for a copy",
    tree: {
      "a/000000.gz": true,
      "b/000000.gz": true,
      [ONE.replace(".log.gz", "_part1.log.gz")]: true,
      [ONE.replace(".log.gz", "_part2.log.gz")]: true,
      [ONE]: true,
    },
  },
  {
    name: "accounts, told by name or folder, or by the records",
    tree: {
      [ONE]: true,
      [ONE.replaceAll(ACCOUNT, "210987654321")]: false,
      [`AWSLogs/210987654321/x.log`]: false,
      [named(undefined, { account: "210987654321" })]: false,
      "exports/000000.gz": true,
      "202406011200/x.log": true,
    },
    selection: { accounts: new Set([ACCOUNT]) },
    counts: { foldersNotSelected: 1, filesNotSelected: 1 },
  },
  {
    name: "regions of every partition, told by name or folder",
    tree: {
      ...Object.fromEntries(
        ["us-gov-west-1", "cn-north-1", "us-isob-east-1", "ap-southeast-7", "mx-central-1"].map((region) => [
          `AWSLogs/${ACCOUNT}/vpcflowlogs/${region}/2024/06/01/${named(undefined, { region })}`,
          true,
        ]),
      ),
      [ONE]: false,
      [named()]: false,
      "exports/000000.gz": false,
    },
    selection: {
      regions: new Set(["us-gov-west-1", "cn-north-1", "us-isob-east-1", "ap-southeast-7", "mx-central-1"]),
    },
    counts: { foldersNotSelected: 1, filesNotSelected: 2 },
  },
  {
    name: "flow logs by their ids",
    tree: {
      [ONE]: true,
      [`${PLAIN}/2024/06/01/${named(undefined, { id: "fl-2" })}`]: false,
      "exports/000000.gz": false,
    },
    selection: { flowLogs: new Set(["fl-1"]) },
    counts: { filesNotSelected: 2 },
  },
  {
    name: "what is excluded",
    tree: {
      [ONE]: true,
      "athena-results/x/y.csv": false,
      "athena-results/z": false,
      "a/b/inventory/data/1.parquet": false,
      "a/inventory": false,
      "a/report.csv": false,
      "report.csv.gz": true,
      [`${PLAIN}/2024/06/01/tmp/x.log`]: false,
      [`${PLAIN}/2024/06/01/tmp/y.log`]: false,
    },
    selection: { exclude: ["athena-results/**", "inventory", "*.csv", "**/tmp/*"] },
    counts: { foldersNotSelected: 3, filesNotSelected: 2 },
  },
  {
    name: "what is included",
    tree: {
      [ONE]: true,
      "firehose/2024/x": true,
      "firehose/2024/x.json": false,
      "athena-results/x/y.csv": false,
      "loose.log": false,
    },
    selection: { include: ["AWSLogs/**", "firehose/2024/x"] },
    counts: { foldersNotSelected: 1, filesNotSelected: 2 },
  },
  {
    name: "settings that leave nothing are warned of",
    tree: { [ONE]: false, "loose.log": false },
    selection: { flowLogs: new Set(["fl-9"]) },
    counts: { filesNotSelected: 2 },
    warning: /FLOW_LOG_IDS.* together leave nothing/,
  },
  {
    name: "keys with odd characters",
    tree: {
      "a b+c%20d/é 日本 &<>'\"/x=1;y.log": true,
      "control\u0001\u001f.log": true,
      "line\nbreak": true,
      "plus+plus": true,
      "percent%zz": true,
      "%E9.log": true,
    },
  },
];

/** A Source over a tree that a test puts there: each file holds its own key. */
export type OpenSource = (keys: readonly string[]) => Promise<Source>;

async function contentsOf({ objects }: Listing): Promise<string[]> {
  return Promise.all(objects.map(async (object) => (await buffer(object.open(never))).toString()));
}

/** What every Source promises: the same tree gives the same listing, wherever it is kept. */
export function testSource(name: string, open: OpenSource): void {
  describe(`${name} is a Source`, () => {
    test.each(SAMPLES)("$name", async ({ tree, selection, counts = {}, warning }) => {
      const source = await open(Object.keys(tree));
      const listing = await source.list({ window: WINDOW, ...selection }, never);
      const wanted = Object.keys(tree).filter((key) => tree[key] === true);
      const keys = listing.objects.map(({ key }) => key);
      expect(keys).toEqual(wanted.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(await contentsOf(listing)).toEqual(keys);
      expect(Object.entries(listing.counts).filter(([, count]) => count > 0)).toEqual(
        Object.entries(counts).toSorted(([a], [b]) => order(listing, a) - order(listing, b)),
      );
      if (warning === undefined) expect(listing.warnings).toEqual([]);
      else expect(listing.warnings).toEqual([expect.stringMatching(warning)]);
    });

    test("objects tell size, version, and what their names and folders do", async () => {
      const source = await open([ONE, "AWSLogs/210987654321/vpcflowlogs/eu-west-1/old/x", "loose.log"]);
      const { objects } = await source.list({ window: WINDOW }, never);
      expect(objects).toMatchObject([
        { key: ONE, named: "aws", account: ACCOUNT, flowLog: "fl-1", size: ONE.length },
        { named: "otherwise", account: "210987654321" },
        { named: "otherwise", size: 9 },
      ]);
      expect(objects[2]?.account).toBeUndefined();
      expect(objects[2]?.flowLog).toBeUndefined();
      expect(new Set(objects.map(({ version }) => version)).size).toBe(3);
    });

    test("fails when there is nothing, or nothing that could be a flow log, naming the files that are there", async () => {
      expect((await failure(open)).message).toMatch(
        /looked for flow logs.*found nothing\. DIGESTER_ENDPOINT/,
      );
      const foreign = ["x/._a", "x/y/._b"];
      expect((await failure(open, ...foreign)).message).toMatch(
        /found 2 files or folders that .*: x\/\._a, x\/y\/\._b\./,
      );
      expect((await failure(open, `AWSLogs/${ACCOUNT}/CloudTrail/x.json.gz`)).message).toMatch(/CloudTrail/);
    });

    test("gives nothing for a window without files, where there are flow logs", async () => {
      const source = await open([`${PLAIN}/2023/06/01/${named("20230601T1205Z")}`]);
      const { objects, counts, warnings } = await source.list({ window: WINDOW }, never);
      expect(objects).toEqual([]);
      expect(counts).toMatchObject({ foldersNotSelected: 1 });
      expect(warnings).toEqual([]);
    });
  });
}

function order({ counts }: Listing, name: string): number {
  return Object.keys(counts).indexOf(name);
}

async function failure(open: OpenSource, ...keys: string[]): Promise<Error> {
  const source = await open(keys);
  const error: unknown = await source.list({ window: WINDOW }, never).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DependencyError);
  expect(error).toMatchObject({ dependency: "digester", transient: false });
  return error instanceof Error ? error : new Error(String(error));
}
