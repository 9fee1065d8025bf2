import { z } from "zod";
import { missingFields, parseFormat } from "../../flow-log/columns.js";
import { DEFAULT_FORMAT } from "../../flow-log/fields.js";

const format = z.string().transform((text, context) => {
  const fields = parseFormat(text);
  if (fields === undefined) {
    context.addIssue('expected fields in AWS\'s notation, such as "${version} ${srcaddr} ${dstaddr}"');
    return z.NEVER;
  }
  const missing = missingFields(fields);
  if (missing.length === 0) return fields;
  context.addIssue(`expected the fields ${missing.join(", ")} as well: without them there is no graph`);
  return z.NEVER;
});

/** What the digester of flow logs can be told, wherever they are kept. */
export const flowLogSettings = {
  FLOW_LOG_FORMAT: format
    .prefault(DEFAULT_FORMAT.map((field) => `\${${field}}`).join(" "))
    .describe("fields of flow logs without a header line, in AWS's notation"),
  FLOW_LOG_ADDRESSES: z
    .enum(["interface", "packet"], 'expected "interface" or "packet"')
    .default("interface")
    .describe(
      "which addresses name the nodes: srcaddr and dstaddr, or the packets' own, pkt-srcaddr and pkt-dstaddr",
    ),
};
