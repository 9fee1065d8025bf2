import { z } from "zod";
import { missingFields, parseFormats } from "../../flow-log/columns.js";
import { DEFAULT_FORMAT, DEFAULT_FORMATS } from "../../flow-log/fields.js";
import { duration, integer } from "../../settings.js";
import type { FlowLogDigesterOptions } from "./flow-log-digester.js";
import { parseGlobs } from "./globs.js";

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
  if (patterns.every((pattern) => /[^/]/.test(pattern))) return parseGlobs(patterns);
  context.addIssue('expected patterns such as "athena-results/**" or "*.csv", separated by commas');
  return z.NEVER;
});

/** What the digester of flow logs can be told, wherever they are kept. */
export const flowLogSettings = {
  FLOW_LOG_FORMAT: formats
    .prefault(DEFAULT_FORMAT.map((field) => `\${${field}}`).join(" "))
    .describe(
      "fields of flow logs without a header line, in AWS's notation; several formats are separated by commas and told apart by their number of fields. AWS's default formats, of VPCs and Transit Gateways, are known besides",
    ),
  FLOW_LOG_ADDRESSES: z
    .enum(["interface", "packet"], 'expected "interface" or "packet"')
    .default("interface")
    .describe(
      "which addresses name the nodes: srcaddr and dstaddr, or the packets' own, pkt-srcaddr and pkt-dstaddr",
    ),
  FLOW_LOG_ACCOUNTS: listOf("account ids of 12 digits", /^\d{12}$/)
    .optional()
    .describe(
      "accounts whose flow logs are read, separated by commas; unset: all. Told by names and folders, or else by the records",
    ),
  FLOW_LOG_REGIONS: listOf("regions such as eu-west-1", /^[a-z]+(-[a-z]+)+-\d+$/)
    .optional()
    .describe("regions whose flow logs are read, separated by commas; unset: all. Told by names and folders"),
  FLOW_LOG_IDS: listOf("ids of flow logs such as fl-0a1b2c3d4e5f60718", /^fl-[0-9a-z]+$/)
    .optional()
    .describe(
      "flow logs that are read, by their ids in the names that AWS gives, separated by commas; unset: all",
    ),
  FLOW_LOG_INCLUDE: globs
    .optional()
    .describe(
      "patterns of the keys that are read, such as `AWSLogs/**`, separated by commas; unset: all. One without a slash goes for names of files and folders anywhere",
    ),
  FLOW_LOG_EXCLUDE: globs
    .optional()
    .describe("patterns of the keys that are not read, such as `athena-results/**,*.csv`"),
  FLOW_LOG_KEYS_IN_MEMORY: integer(1, MAX_KEYS_IN_MEMORY)
    .prefault("2000000")
    .describe(
      "keys of a digest above which its rows are moved to a temporary file; each takes 50 to 100 bytes",
    ),
  FLOW_LOG_SPILL_DIR: z
    .string()
    .min(1)
    .optional()
    .describe("directory for those temporary files; unset: the system's"),
  FLOW_LOG_SETTLE: duration
    .optional()
    .describe(
      "how long after its end a window's logs take to arrive, before which it isn't digested; unset: 20m for S3, 0 for files",
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
