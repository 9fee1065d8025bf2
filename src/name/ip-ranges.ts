import { z } from "zod";
import { messageOf } from "../errors.js";
import { type Cidr, networkOf, parseCidr } from "../flow-log/cidr.js";
import { excerpt } from "../flow-log/excerpt.js";
import { nextTurn, turnIsOver } from "../turn.js";
import { NameFileError, type NameFormat } from "./name-file.js";
import { MAX_PREFIXES, NameTableBuilder } from "./name-table.js";

/** Parsed at once: the real one has 2 MB, and takes some milliseconds. */
const MAX_BYTES = 16 * 1024 * 1024;

const cidr = z.string().transform((text, context) => {
  const parsed = parseCidr(text);
  if (parsed !== undefined) return networkOf(parsed);
  context.addIssue(`expected a network such as 10.0.0.0/8, got ${excerpt(text)}`);
  return z.NEVER;
});
const word = z.string().regex(/^[\w.-]{1,64}$/);
const prefix = z.object({ ip_prefix: cidr, region: word, service: word });
const ipv6Prefix = z.object({ ipv6_prefix: cidr, region: word, service: word });
const ranges = z.object({
  prefixes: z.array(z.unknown()),
  ipv6_prefixes: z.array(z.unknown()),
});

/**
 * The services that say least: each network of another service is also listed as AMAZON, and many as EC2.
 * https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
const VAGUE = ["EC2", "AMAZON"];

/** https://ip-ranges.amazonaws.com/ip-ranges.json, as somebody has fetched it. */
export const ipRanges: NameFormat = {
  extension: ".json",
  looksLike: (bytes) => /^\s*\{/.test(bytes.toString("latin1", 0, 256)),

  async read({ file, bytes }, signal) {
    const { prefixes, ipv6_prefixes } = parse(file, bytes);
    const entries: Entry[] = [];
    const collect = async (list: readonly unknown[], listName: string, entryOf: (item: unknown) => Entry) => {
      for (const [index, item] of list.entries()) {
        try {
          entries.push(entryOf(item));
        } catch (error) {
          throw new NameFileError(`${file}: ${listName}[${index}]${reasonOf(error)}`, { cause: error });
        }
        if (turnIsOver()) await nextTurn();
        signal.throwIfAborted();
      }
    };
    await collect(prefixes, "prefixes", (item) => {
      const { ip_prefix: network, region, service } = prefix.parse(item);
      return { network, region, service };
    });
    await collect(ipv6_prefixes, "ipv6_prefixes", (item) => {
      const { ipv6_prefix: network, region, service } = ipv6Prefix.parse(item);
      return { network, region, service };
    });
    return { source: "ip-ranges", columns: await tableOf(entries, signal) };
  },
};

interface Entry {
  readonly network: Cidr;
  readonly region: string;
  readonly service: string;
}

async function tableOf(entries: readonly Entry[], signal: AbortSignal) {
  const table = new NameTableBuilder();
  // The first name of a network stays: those that say most come first.
  for (const vagueness of [-1, 0, 1]) {
    for (const { network, region, service } of entries) {
      if (VAGUE.indexOf(service) !== vagueness) continue;
      const text = [
        "AWS",
        ...(service === "AMAZON" ? [] : [service]),
        ...(region === "GLOBAL" ? [] : [region]),
      ];
      table.add(network, { text: text.join(" "), group: "AWS" });
      if (turnIsOver()) await nextTurn();
      signal.throwIfAborted();
    }
  }
  return table.build();
}

function parse(file: string, bytes: Buffer): z.infer<typeof ranges> {
  const expected = `${file}: expected AWS's ip-ranges.json, with "prefixes" and "ipv6_prefixes"`;
  if (bytes.length > MAX_BYTES) {
    throw new NameFileError(`${expected}, of at most ${MAX_BYTES} bytes, got ${bytes.length}`);
  }
  try {
    const parsed = ranges.parse(JSON.parse(bytes.toString()));
    if (parsed.prefixes.length + parsed.ipv6_prefixes.length <= MAX_PREFIXES) return parsed;
  } catch (error) {
    throw new NameFileError(`${expected}; ${reasonOf(error).replace(/^[.:] ?/, "")}`, { cause: error });
  }
  throw new NameFileError(`${expected}, ${MAX_PREFIXES} at most`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return `: ${messageOf(error)}`;
  const [issue] = error.issues;
  return issue === undefined
    ? ""
    : `${issue.path.map((key) => `.${String(key)}`).join("")}: ${issue.message}`;
}
