import { z } from "zod";
import { missingFields, parseFormats } from "../../flow-log/columns.js";
import { DEFAULT_FORMAT, DEFAULT_FORMATS } from "../../flow-log/fields.js";
import { duration, integer } from "../../settings.js";
import type { FlowLogDigesterOptions } from "./flow-log-digester.js";

const formats = z.string().transform((text, context) => {
  const parsed = parseFormats(text);
  if (parsed === undefined) {
    context.addIssue(
      'expected fields in AWS\'s notation, such as "${version} ${srcaddr} ${dstaddr}", with commas between several formats',
    );
    return z.NEVER;
  }
  const missing = parsed.map(missingFields).find(({ length }) => length > 0);
  if (missing !== undefined) {
    context.addIssue(`expected the fields ${missing.join(", ")} as well: without them there is no graph`);
  }
  const widths = parsed.map(({ length }) => length);
  const twice = widths.find((width, index) => widths.indexOf(width) !== index);
  if (twice !== undefined) {
    context.addIssue(
      `expected formats of different numbers of fields, got two of ${twice}: their lines can't be told apart`,
    );
  }
  return parsed;
});

/** Rows of a partition are numbered with 32 bits. */
const MAX_KEYS_IN_MEMORY = 100_000_000;

/** A comma-separated list, as a set. */
function listOf(expected: string, item: RegExp) {
  return z.string().transform((text, context) => {
    const items = text.split(",").map((part) => part.trim());
    if (items.every((part) => item.test(part))) return new Set(items);
    context.addIssue(`expected ${expected}, separated by commas`);
    return z.NEVER;
  });
}

/** Patterns over keys. A comma within braces parts the alternatives of one. */
const globs = z.string().transform((text, context) => {
  const patterns = text.split(/,(?![^{}]*\})/).map((part) => part.trim());
  if (patterns.every((pattern) => /[^/]/.test(pattern))) return patterns;
  context.addIssue('expected patterns such as "athena-results/**" or "*.csv", separated by commas');
  return z.NEVER;
});

/** What the digester of flow logs can be told, wherever they are kept. */
export const flowLogSettings = {
  FLOW_LOG_FORMAT: formats
    .prefault(DEFAULT_FORMAT.map((field) => `\${${field}}`).join(" "))
    .describe(
      "fields of flow logs that have no header line, in AWS's notation. Several formats are separated by commas and must have different numbers of fields. AWS's default formats for VPCs and Transit Gateways are always known",
    ),
  FLOW_LOG_ADDRESSES: z
    .enum(["interface", "packet"], 'expected "interface" or "packet"')
    .default("interface")
    .describe(
      "interface: nodes are srcaddr and dstaddr. packet: nodes are pkt-srcaddr and pkt-dstaddr, the real ends behind NAT or in containers",
    ),
  FLOW_LOG_ACCOUNTS: listOf("account ids of 12 digits", /^\d{12}$/)
    .optional()
    .describe(
      "read only flow logs of these accounts, separated by commas. The account is in names, folders or records. Unset: all",
    ),
  FLOW_LOG_REGIONS: listOf("regions such as eu-west-1", /^[a-z]+(-[a-z]+)+-\d+$/)
    .optional()
    .describe(
      "read only flow logs of these regions, separated by commas. The region is in names or folders. Unset: all",
    ),
  FLOW_LOG_IDS: listOf("ids of flow logs such as fl-0a1b2c3d4e5f60718", /^fl-[0-9a-z]+$/)
    .optional()
    .describe(
      "read only these flow logs, separated by commas. AWS puts the id of the flow log into the name of each file. Unset: all",
    ),
  FLOW_LOG_INCLUDE: globs
    .optional()
    .describe(
      "read only keys that match one of these patterns, such as `AWSLogs/**`, separated by commas. A pattern without a slash matches the name of a file or folder anywhere. Unset: all",
    ),
  FLOW_LOG_EXCLUDE: globs
    .optional()
    .describe("don't read keys that match one of these patterns, such as `athena-results/**,*.csv`"),
  FLOW_LOG_KEYS_IN_MEMORY: integer(1, MAX_KEYS_IN_MEMORY)
    .prefault("2000000")
    .describe(
      "different flows that a job keeps in memory, 50 to 100 bytes each. Above that number, or 30 million, they move to temporary files",
    ),
  FLOW_LOG_SPILL_DIR: z
    .string()
    .min(1)
    .optional()
    .describe("directory for these temporary files. Unset: the system's"),
  FLOW_LOG_SETTLE: duration
    .optional()
    .describe(
      "how long after the end of a window its flow logs may still arrive. The service waits so long. Unset: 20m for S3 and Athena, 0 for files",
    ),
};

/**
 * The options of a `FlowLogDigester`, but for its source.
 *
 * @param settleMs for where the source is kept, unless FLOW_LOG_SETTLE is set
 */
export function flowLogOptions(
  settings: z.output<z.ZodObject<typeof flowLogSettings>>,
  settleMs = 0,
): Omit<FlowLogDigesterOptions, "source"> {
  const [fields = DEFAULT_FORMAT, ...others] = settings.FLOW_LOG_FORMAT;
  const widths = new Set([fields, ...others].map(({ length }) => length));
  const known = [...others, ...DEFAULT_FORMATS.filter(({ length }) => !widths.has(length))];
  return {
    format: { fields, others: known, addresses: settings.FLOW_LOG_ADDRESSES },
    accounts: settings.FLOW_LOG_ACCOUNTS,
    regions: settings.FLOW_LOG_REGIONS,
    flowLogs: settings.FLOW_LOG_IDS,
    include: settings.FLOW_LOG_INCLUDE,
    exclude: settings.FLOW_LOG_EXCLUDE,
    keysInMemory: settings.FLOW_LOG_KEYS_IN_MEMORY,
    spillDirectory: settings.FLOW_LOG_SPILL_DIR,
    settleMs: settings.FLOW_LOG_SETTLE ?? settleMs,
  };
}
