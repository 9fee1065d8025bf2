import { describe, expect, test } from "vitest";
import { conditionsOf, type Choice } from "../../../../src/digester/flow-logs/athena/conditions.js";
import { flowLogTable } from "../../../../src/digester/flow-logs/athena/table.js";
import { DependencyError } from "../../../../src/errors.js";
import { TimeWindow } from "../../../../src/window.js";
import { AWS_COLUMNS } from "./aws-parquet.js";
import { columnsListed } from "./from-athena.js";

const HOUR = TimeWindow.parse("2024-06-02T12:00:00Z", "2024-06-02T13:00:00Z");
const DAY = TimeWindow.parse("2024-05-31T00:00:00Z", "2024-06-01T00:00:00Z");

interface Table {
  readonly partitions: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly columns?: Readonly<Record<string, string>>;
  readonly type?: string;
}

function conditions(
  { partitions, parameters = {}, columns = AWS_COLUMNS, type }: Table,
  choice: Partial<Choice> = {},
) {
  const projected = Object.entries(parameters).map(([name, value]) => [`projection.${name}`, value]);
  const metadata = {
    TableType: type,
    Columns: columnsListed(columns),
    PartitionKeys: columnsListed(partitions),
    Parameters: Object.fromEntries(projected),
  };
  return conditionsOf("the table", flowLogTable("the table", metadata), { window: HOUR, ...choice });
}

const DATE = { "day.type": "date", "day.format": "yyyy/MM/dd", "day.range": "2021/01/01,NOW" };

describe("AWS's documented tables are pruned", () => {
  test("text by day, with account, region and day projected", () => {
    const partitions = { accid: "string", region: "string", day: "string" };
    const enums = { "accid.type": "enum", "accid.values": "111111111111,222222222222" };
    const parameters = { ...enums, "region.type": "enum", "region.values": "eu-west-1,us-east-1", ...DATE };
    const choice = { accounts: new Set(["111111111111"]), regions: new Set(["eu-west-1", "us-east-1"]) };
    expect(conditions({ partitions, parameters }, choice).conditions).toEqual([
      `"accid" = '111111111111'`,
      `"region" IN ('eu-west-1', 'us-east-1')`,
      `"day" = '2024/06/02'`,
    ]);
  });

  test("Parquet by region, date and hour projected", () => {
    const partitions = { region: "string", date: "string", hour: "string" };
    const parameters = {
      "date.type": "date",
      "date.format": "yyyy/MM/dd",
      "date.range": "2021/01/01,NOW",
      "hour.type": "integer",
      "hour.range": "00,23",
      "hour.digits": "2",
    };
    expect(conditions({ partitions, parameters }).conditions).toEqual([
      `("date" = '2024/06/02' AND "hour" IN ('11', '12', '13'))`,
    ]);
    expect(conditions({ partitions, parameters }, { window: DAY }).conditions).toEqual([
      `("date" = '2024/05/31' OR ("date" = '2024/05/30' AND "hour" = '23') OR ("date" = '2024/06/01' AND "hour" IN ('00', '0')))`,
    ]);
  });

  test("hive, loaded", () => {
    const names = ["aws-account-id", "aws-service", "aws-region", "year", "month", "day", "hour"];
    const partitions = Object.fromEntries(names.map((name) => [name, "string"]));
    expect(conditions({ partitions }, { window: DAY }).conditions).toEqual([
      `"aws-service" = 'vpcflowlogs'`,
      `(("year" = '2024' AND "month" IN ('05', '5') AND "day" = '31') OR ` +
        `(("year" = '2024' AND "month" IN ('05', '5') AND "day" = '30') AND "hour" = '23') OR ` +
        `(("year" = '2024' AND "month" IN ('06', '6') AND "day" IN ('01', '1')) AND "hour" IN ('00', '0')))`,
    ]);
  });

  test("by a date, loaded", () => {
    expect(conditions({ partitions: { date: "date" } }).conditions).toEqual([`"date" = DATE '2024-06-02'`]);
    expect(conditions({ partitions: { dt: "string" } }).conditions).toEqual([
      `"dt" IN ('2024/06/02', '2024-06-02', '20240602')`,
    ]);
    const parts = { year: "int", month: "int", day: "int" };
    expect(conditions({ partitions: parts }).conditions).toEqual([
      `("year" = 2024 AND "month" = 6 AND "day" = 2)`,
    ]);
  });

  test("by dates with hours, as Firehose has them", () => {
    const parameters = {
      "datehour.type": "date",
      "datehour.format": "yyyy/MM/dd/HH",
      "datehour.range": "2021/01/01/00,NOW",
      "datehour.interval": "1",
      "datehour.interval.unit": "HOURS",
    };
    expect(conditions({ partitions: { datehour: "string" }, parameters }).conditions).toEqual([
      `"datehour" IN ('2024/06/02/11', '2024/06/02/12', '2024/06/02/13')`,
    ]);
  });
});

test("a window near midnight needs its neighbour's day, and a month is whole days", () => {
  const window = TimeWindow.parse("2024-06-01T00:10:00Z", "2024-06-01T00:20:00Z");
  expect(conditions({ partitions: { day: "string" }, parameters: DATE }, { window }).conditions).toEqual([
    `"day" IN ('2024/05/31', '2024/06/01')`,
  ]);
  const month = TimeWindow.parse("2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z");
  const partitions = { day: "string", hour: "string" };
  const [condition = ""] = conditions({ partitions, parameters: DATE }, { window: month }).conditions;
  expect(condition.match(/'2024\/05\/\d\d'/g)).toHaveLength(31);
  expect(condition.match(/"hour"/g)).toHaveLength(2);
});

test("what partitions don't tell, records do, or it can't be chosen", () => {
  const choice = {
    accounts: new Set(["012345678901"]),
    regions: new Set(["eu-west-1"]),
    vpcs: new Set(["vpc-1"]),
  };
  const columns = { ...AWS_COLUMNS, account_id: "bigint", region: "string" };
  const [day, account, region, vpc] = conditions(
    { partitions: { day: "string" }, columns },
    choice,
  ).conditions;
  expect(day).toMatch(/^"day" IN/);
  expect(account).toBe(
    `COALESCE(lpad(CAST(CAST("account_id" AS bigint) AS varchar), 12, '0'), '-') = '012345678901'`,
  );
  expect(region).toBe(`"region" = 'eu-west-1'`);
  expect(vpc).toMatch(/ELSE "vpc_id" END IN \('vpc-1', '-'\)$/);
  const { vpc_id: _, ...without } = AWS_COLUMNS;
  expect(() => conditions({ partitions: {}, columns: without }, { vpcs: new Set(["vpc-1"]) })).toThrow(
    /column vpc_id/,
  );
  expect(() => conditions({ partitions: {} }, { regions: new Set(["eu-west-1"]) })).toThrow(/column region/);
});

test("a view's own columns narrow it, and a table without a date is warned of", () => {
  const columns = { ...AWS_COLUMNS, day: "string" };
  expect(conditions({ partitions: {}, columns, type: "VIRTUAL_VIEW" })).toMatchObject({
    conditions: [expect.stringMatching(/^"day" IN/)],
    warnings: [],
  });
  expect(conditions({ partitions: {}, columns })).toMatchObject({
    conditions: [],
    warnings: [expect.stringMatching(/each query reads all of the table/)],
  });
});

test.each<[string, Table["partitions"], Table["parameters"], RegExp]>([
  [
    "a range that ended",
    { day: "string" },
    { ...DATE, "day.range": "2021/01/01,2024/06/01" },
    /range doesn't cover the window/,
  ],
  [
    "a range that moves on",
    { day: "string" },
    { ...DATE, "day.range": "NOW-30DAYS,NOW" },
    /range doesn't cover/,
  ],
  [
    "years that ended",
    { year: "string" },
    { "year.type": "integer", "year.range": "2020,2023" },
    /year\.range doesn't cover/,
  ],
  [
    "months that are left out",
    { year: "int", month: "string" },
    { "month.type": "enum", "month.values": "01,02" },
    /month\.values doesn't cover/,
  ],
  [
    "minutes",
    { day: "string" },
    { ...DATE, "day.format": "yyyy/MM/dd/HH/mm" },
    /made of yyyy, MM, dd and HH.*got yyyy\/MM\/dd\/HH\/mm/,
  ],
  [
    "weeks",
    { day: "string" },
    { ...DATE, "day.interval": "7", "day.interval.unit": "DAYS" },
    /projection\.day\.interval to be 1, in DAYS.*got 7/,
  ],
  [
    "no range",
    { day: "string" },
    { "day.type": "date", "day.format": "yyyy-MM-dd" },
    /day\.range to be two dates/,
  ],
  [
    "an injected account",
    { account: "string" },
    { "account.type": "injected" },
    /injected.*FLOW_LOG_ACCOUNTS/,
  ],
  ["something else injected", { team: "string" }, { "team.type": "injected" }, /injected/],
  [
    "a kind nobody knows",
    { day: "string" },
    { "day.type": "magic" },
    /enum, integer, date or injected, got magic/,
  ],
])("a projection that doesn't fit is an error: %s", (_, partitions, parameters, message) => {
  const call = () => conditions({ partitions, ...(parameters && { parameters }) });
  expect(call).toThrow(DependencyError);
  expect(call).toThrow(message);
});

test("ranges may be told from now", () => {
  const parameters = { ...DATE, "day.range": "NOW-90YEARS,NOW+1DAY" };
  expect(conditions({ partitions: { day: "string" }, parameters }).conditions).toHaveLength(1);
});

test("columns of other names are the fields' where their spelling tells, and other types are refused", () => {
  const { account_id: account, ...others } = AWS_COLUMNS;
  const renamed = { ...others, accountId: account, "Log-Status": "varchar(20)" };
  const { log_status: _, ...columns } = renamed;
  expect(
    conditions({ partitions: { day: "string" }, columns }, { accounts: new Set(["012345678901"]) })
      .conditions[1],
  ).toContain(`"accountId"`);
  const nested = { ...AWS_COLUMNS, srcaddr: "struct<ip:string>" };
  expect(() => conditions({ partitions: {}, columns: nested })).toThrow(
    /column srcaddr to hold text or a whole number, got struct/,
  );
  const odd = { ...AWS_COLUMNS, flow_direction: "array<string>" };
  expect(conditions({ partitions: { day: "string" }, columns: odd }).conditions).toHaveLength(1);
});
