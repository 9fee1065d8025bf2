import { describe, expect, test } from "vitest";
import type { Digester } from "../../src/digester/digester.js";
import { CorruptInputError } from "../../src/errors.js";
import { scopeOf } from "../../src/scope.js";
import { ScopeError, type ScopeParameters } from "../../src/scope-parts.js";
import { TimeWindow } from "../../src/window.js";
import { linesOf, read, sumsOf } from "./digester.js";

const never = new AbortController().signal;
const WINDOW = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");
const END = Date.parse("2024-06-01T12:03:00Z") / 1000;
export const ONE = "111122223333";
const TWO = "444455556666";

/** A file of flow logs, as AWS delivers it into the folder of an account and a region. */
export interface ScopedFile {
  /** Undefined: in a folder that tells neither, as exports have it. */
  readonly account: string | undefined;
  readonly region: string;
  readonly text: string;
}

const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id\n";

let hosts = 0;

/** A record of its own packets and addresses. */
function record(account: string, vpc: string, host = ++hosts): string {
  const times = `${END - 60} ${END}`;
  return `2 ${account} eni-1 10.0.${host >> 8}.${host & 255} 10.1.0.1 40000 443 6 ${host} ${host * 100} ${times} ACCEPT OK ${vpc}\n`;
}

function file(account: string | undefined, region: string, ...records: string[]): ScopedFile {
  return { account, region, text: HEADER + records.join("") };
}

const WEST = record(ONE, "vpc-1");
const OTHER_VPC = record(ONE, "vpc-2");
/** Of a load balancer, and of a participant in a shared VPC. */
const STRANGERS = [record("unknown", "vpc-1"), record(TWO, "vpc-2")];
const EAST = record(ONE, "vpc-3");
const SECOND = record(TWO, "vpc-1");
const FILES: readonly ScopedFile[] = [
  file(ONE, "eu-west-1", WEST, OTHER_VPC, ...STRANGERS),
  file(ONE, "us-east-1", EAST),
  file(TWO, "eu-west-1", SECOND),
];
const EXPORTED = [record(ONE, "vpc-1"), record(TWO, "vpc-2")] as const;

export interface ScopedSubject {
  /** Reads all that there is. */
  readonly digester: Digester;
  /** Reads flow logs of account ONE and region eu-west-1 alone. */
  readonly narrowed: Digester;
}

type Sums = ReturnType<typeof sumsOf>;

async function sumsBy(digester: Digester, parameters: ScopeParameters): Promise<Sums> {
  const digest = await digester.digest(WINDOW.within(scopeOf(parameters)), never);
  return sumsOf(linesOf(await read(digest)));
}

/** What records amount to, whose VPC is no part of a digest. */
function sumsIn(...records: string[]): Sums {
  return sumsOf(linesOf(records.map((text) => text.replace(/ vpc-\d+$/m, "")).join("")));
}

function check(digester: Digester, parameters: ScopeParameters): void {
  const scope = scopeOf(parameters);
  if (scope !== undefined) digester.checkScope?.(scope);
}

/** What every Digester promises that knows scopes. `open` is called in each test, with all that its source holds. */
export function testScopedDigester(
  name: string,
  open: (files: readonly ScopedFile[]) => Promise<ScopedSubject>,
): void {
  describe(`${name} knows scopes`, () => {
    test.for([
      ["accounts", [{ account: ONE }, { account: TWO }]],
      ["regions", [{ region: "eu-west-1" }, { region: "us-east-1" }]],
      ["VPCs", [{ vpc: "vpc-1" }, { vpc: "vpc-2" }, { vpc: "vpc-3" }]],
      ["accounts and VPCs", [{ account: `${TWO},${ONE}`, vpc: "vpc-3,vpc-1" }, { vpc: "vpc-2" }]],
    ] as const)("all %s together are the whole", async ([, scopes]) => {
      const { digester } = await open(FILES);
      const whole = await sumsBy(digester, {});
      expect(whole.size).toBe(6);
      const parts = [];
      for (const scope of scopes) parts.push(...(await sumsBy(digester, scope)));
      expect(parts).toHaveLength(whole.size);
      expect(new Map(parts)).toEqual(whole);
    });

    test("what is given of each kind must hold at once", async () => {
      const { digester } = await open(FILES);
      expect(await sumsBy(digester, { account: ONE, region: "eu-west-1", vpc: "vpc-1" })).toEqual(
        sumsIn(WEST, STRANGERS[0] ?? ""),
      );
      expect(await sumsBy(digester, { account: `${ONE},${TWO}`, vpc: "vpc-3" })).toEqual(sumsIn(EAST));
      expect(await sumsBy(digester, { account: TWO, region: "us-east-1" })).toEqual(new Map());
    });

    test("where no folder tells the account, each record does", async () => {
      const { digester } = await open([...FILES, file(undefined, "", ...EXPORTED)]);
      const [first, second] = EXPORTED;
      expect(await sumsBy(digester, { account: TWO })).toEqual(sumsIn(SECOND, second));
      expect(await sumsBy(digester, { account: ONE, vpc: "vpc-1" })).toEqual(
        sumsIn(WEST, STRANGERS[0] ?? "", first),
      );
    });

    test("a scope that nothing is of gives an empty digest, and says so", async () => {
      const { digester } = await open(FILES);
      for (const parameters of [{ account: "777788889999" }, { vpc: "vpc-9" }]) {
        const digest = await digester.digest(WINDOW.within(scopeOf(parameters)), never);
        expect(await read(digest)).toBe("");
        expect(digest.warnings).toContainEqual(expect.stringMatching(/is of the scope (account|vpc)=/));
      }
    });

    test("records without a VPC are in none, but what was lost may be of any", async () => {
      const lost = `2 ${ONE} eni-1 - - - - - - - ${END - 60} ${END} - SKIPDATA`;
      const { digester } = await open([
        file(ONE, "eu-west-1", WEST, record(ONE, "-"), `${lost} -\n`, `${lost} vpc-1\n`, `${lost} vpc-2\n`),
      ]);
      const digest = await digester.digest(WINDOW.within(scopeOf({ vpc: "vpc-1" })), never);
      expect(sumsOf(linesOf(await read(digest)))).toEqual(sumsIn(WEST));
      expect(digest.counts).toMatchObject({ records: 5, skipdata: 2, recordsNotSelected: 2 });
    });

    test("a VPC can't be told from a file without vpc-id: it is named, with what to do", async () => {
      const bare = FILES.map(({ text, ...place }) => ({
        ...place,
        text: place.account === TWO ? text.replaceAll(/ (?:vpc-\d|vpc-id)$/gm, "") : text,
      }));
      const { digester } = await open(bare);
      expect(await sumsBy(digester, { account: ONE, vpc: "vpc-3" })).toEqual(sumsIn(EAST));
      expect(await sumsBy(digester, { account: TWO })).toEqual(sumsIn(SECOND));
      const error: unknown = await sumsBy(digester, { vpc: "vpc-1" }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(CorruptInputError);
      expect(error).toMatchObject({
        message: expect.stringMatching(new RegExp(`${TWO}.*expected.* vpc-id`)),
      });
    });

    test("what is beyond the settings is refused, and nothing else", async () => {
      const { digester, narrowed } = await open(FILES);
      expect(() => check(narrowed, { account: `${ONE},${TWO}` })).toThrow(
        new ScopeError(`account must be among those in FLOW_LOG_ACCOUNTS, not "${TWO}"`),
      );
      expect(() => check(narrowed, { region: "us-east-1" })).toThrow(/^region must be.* FLOW_LOG_REGIONS/);
      expect(() => check(narrowed, { account: ONE, region: "eu-west-1", vpc: "vpc-9" })).not.toThrow();
      expect(() => check(digester, { account: "777788889999", region: "us-east-1" })).not.toThrow();
      expect(await sumsBy(narrowed, { vpc: "vpc-1" })).toEqual(sumsIn(WEST, STRANGERS[0] ?? ""));
    });
  });
}
