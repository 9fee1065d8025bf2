import { describe, expect, test } from "vitest";
import { type Selection, Selector } from "../../../src/digester/flow-logs/selection.js";
import { TimeWindow } from "../../../src/window.js";
import { digest, directoryOf } from "./digesting.js";

const window = TimeWindow.parse("2024-06-01T23:30:00Z", "2024-06-02T00:30:00Z");
const NAME = "123456789012_vpcflowlogs_eu-west-1_fl-0a1b_20240601T2355Z_c0ffee.log.gz";
const PLAIN = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/01";
const HIVE =
  "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2024/month=06/day=01";

const LAYOUTS = [
  `${PLAIN}/${NAME}`,
  `${PLAIN}/23/${NAME}`,
  `some/prefix_1/${PLAIN}/${NAME}`,
  `AWSLogs/o-exampleorgid/${PLAIN.slice(8)}/${NAME}`,
  `${HIVE}/${NAME}`,
  `${HIVE}/hour=23/${NAME}`,
  `${HIVE.replace("aws-service", "service")}/${NAME}`,
  `AWSLogs/o-exampleorgid/${HIVE.slice(8)}/${NAME}`,
  NAME,
];

function file(key: string, selection: Partial<Selection> = {}): string {
  return new Selector({ window, ...selection }).file(key);
}

function folder(name: string, selection: Partial<Selection> = {}): string {
  return new Selector({ window, ...selection }).folder(`${name}/`);
}

test.each(LAYOUTS)("%s is recognised, and may be narrowed to", (key) => {
  expect(file(key)).toBe("candidate");
  expect(file(key, { accounts: new Set(["123456789012"]), regions: new Set(["eu-west-1"]) })).toBe(
    "candidate",
  );
  expect(file(key, { accounts: new Set(["210987654321"]) })).toBe("notSelected");
  expect(file(key, { regions: new Set(["eu-west-2"]) })).toBe("notSelected");
  expect(file(key, { flowLogs: new Set(["fl-0a1b"]) })).toBe("candidate");
  expect(file(key, { flowLogs: new Set(["fl-0a1c"]) })).toBe("notSelected");
});

test.each([
  [NAME.replace("T2355Z", "T2325Z"), "outsideWindow"],
  [NAME.replace("T2355Z", "T2326Z"), "candidate"],
  [NAME.replace("20240601T2355Z", "20240602T0034Z"), "candidate"],
  [NAME.replace("20240601T2355Z", "20240602T0035Z"), "outsideWindow"],
])("%s is %s", (key, choice) => {
  expect(file(key)).toBe(choice);
});

describe("folders", () => {
  test("of other days, accounts and regions are passed over", () => {
    for (const path of [PLAIN, HIVE]) {
      const folders = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
      expect(folders.map((name) => folder(name))).toEqual([...folders.slice(1).map(() => "look"), "day"]);
      expect(folder(path.replace(/01$/, "03"))).toBe("outsideWindow");
      expect(folder(path.replace("06", "07"))).toBe("outsideWindow");
      expect(folder(path.replace("2024", "2023"))).toBe("outsideWindow");
      expect(folder(path, { accounts: new Set(["210987654321"]) })).toBe("notSelected");
      expect(folder(path, { regions: new Set(["eu-west-2"]) })).toBe("notSelected");
    }
  });

  test("that look like no layout of AWS are looked into", () => {
    expect(folder("2019/01/01", { accounts: new Set(["210987654321"]) })).toBe("look");
    expect(folder("202406011200", { accounts: new Set(["210987654321"]) })).toBe("look");
    expect(folder(`${PLAIN.slice(0, -6)}/13/01`)).toBe("look");
  });

  test("of days are those of the window, and of its neighbours near midnight", () => {
    expect(new Selector({ window }).days).toEqual(["2024-06-01", "2024-06-02"]);
    const near = TimeWindow.parse("2024-03-01T00:30:00Z", "2024-03-01T12:00:00Z");
    expect(new Selector({ window: near }).days).toEqual(["2024-02-29", "2024-03-01"]);
  });
});

function line(address: string): string {
  return `2 123456789012 eni-1 ${address} 10.0.0.2 40000 443 6 1 40 1717286100 1717286140 ACCEPT OK`;
}

function other(text: string): string {
  return text.replaceAll("123456789012", "210987654321");
}

describe("a directory with several layouts, accounts and regions", () => {
  const files = {
    [`${PLAIN}/${NAME}`]: line("10.0.0.1"),
    [`${HIVE}/hour=23/${NAME.replace("c0ffee", "beef")}`]: line("10.0.0.3"),
    [other(`${PLAIN}/${NAME}`)]: line("10.0.0.4"),
    [`${PLAIN}/${NAME}`.replaceAll("eu-west-1", "us-east-1")]: line("10.0.0.5"),
    [`${PLAIN}/${NAME}`.replace("/06/01/", "/05/01/").replace("_202406", "_202405")]: "of another month",
    "loose.log": line("10.0.0.6"),
  };

  test("is read whole", async () => {
    const { lines, counts } = await digest(directoryOf(files), window);
    expect(lines).toHaveLength(5);
    expect(counts).toMatchObject({ files: 5, filesNotSelected: 0, foldersNotSelected: 1 });
  });

  test("is narrowed, and what isn't known to be asked for is counted", async () => {
    const narrowed = { accounts: new Set(["123456789012"]), regions: new Set(["eu-west-1"]) };
    const { lines, counts } = await digest(directoryOf(files), window, narrowed);
    expect(lines.map((text) => text.split(" ")[3])).toEqual(["10.0.0.1", "10.0.0.3"]);
    expect(counts).toMatchObject({ files: 2, filesNotSelected: 1, foldersNotSelected: 3 });
  });

  test("gives an empty digest for a window without files", async () => {
    const empty = TimeWindow.parse("2023-01-01T00:00:00Z", "2023-01-01T01:00:00Z");
    const { "loose.log": _, ...named } = files;
    const { lines, counts } = await digest(directoryOf(named), empty);
    expect(lines).toEqual([]);
    expect(counts).toMatchObject({ files: 0, records: 0 });
  });
});
