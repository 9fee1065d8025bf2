import { text } from "node:stream/consumers";
import { TimeWindow } from "../../../../src/window.js";
import { testDigester } from "../../../contract/digester.js";
import { bodyOf } from "../../../support/digest-body.js";
import { AWS_COLUMNS, rowsOf } from "./aws-parquet.js";
import { digesterOf, startAthena } from "./from-athena.js";

const WINDOW = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
const FIELDS = Object.keys(AWS_COLUMNS).slice(0, 14);
const NUMBERS = new Set(["version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end"]);

/** Flow logs as text in AWS's default format. */
function recordsOf(logs: string): Readonly<Record<string, string | bigint>>[] {
  return logs.split(/\r?\n/).flatMap((line) => {
    const values = line.trim().split(" ");
    if (values.length !== FIELDS.length || values[0] === "version") return [];
    const told = FIELDS.flatMap((name, index): [string, string | bigint][] => {
      const value = values[index] ?? "-";
      if (value === "-") return [];
      return [[name, NUMBERS.has(name) ? BigInt(value) : value]];
    });
    return [Object.fromEntries(told)];
  });
}

/** Records of many edges, which the window and no other holds. */
const MANY = `select r.* replace ('10.0.' || (n >> 8) || '.' || (n & 255) as srcaddr), 'eu-west-1' as region, '2014/12/14' as day
  from range(16000) t(n), (${rowsOf(recordsOf("2 123456789010 eni-abc123de - 10.1.0.1 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK"))}) r`;

/** The digest of them. Its content is held against others elsewhere. */
let many: Promise<string> | undefined;

async function digestOfMany(servers: Awaited<ReturnType<typeof startAthena>>): Promise<string> {
  return text(bodyOf(await digesterOf(servers).digest(WINDOW, new AbortController().signal)));
}

testDigester("FlowLogDigester, by Athena", async () => {
  const servers = await startAthena({ rows: MANY });
  const digester = digesterOf(servers, { outputPrefix: "grapherd/" });
  return {
    digester,
    window: WINDOW,
    digest: await (many ??= digestOfMany(servers)),
    contain: ({ logs, window }) => {
      const day = window.start.slice(0, 10).replaceAll("-", "/");
      servers.set({
        rows: `select *, 'eu-west-1' as region, '${day}' as day from (${rowsOf(recordsOf(logs))})`,
      });
    },
    breakSource: () => servers.athena.tables.clear(),
    close: () => undefined,
  };
});
