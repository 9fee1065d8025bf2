import type { Prefixes } from "./prefixes.js";

const FIELDS = ["name", "vpc", "subnet", "account", "interface"] as const;

/** What a node is. */
export type Grouping =
  | { readonly by: "auto" }
  | { readonly by: "host" }
  | { readonly by: (typeof FIELDS)[number] }
  | { readonly by: "prefix"; readonly prefixes: Prefixes };

/** What `group` takes. */
export const GROUP_VALUES = ["auto", "host", ...FIELDS, "prefixes such as 24, or 24,64 for IPv4 and IPv6"];

const USUAL_V6_PREFIX = 64;

/** Undefined when it is none. */
export function parseGrouping(text: string): Grouping | undefined {
  const by = (["auto", "host", ...FIELDS] as const).find((word) => word === text);
  if (by !== undefined) return { by };
  const [, v4, v6 = String(USUAL_V6_PREFIX)] = /^\/?(\d{1,2})(?:,\/?(\d{1,3}))?$/.exec(text) ?? [];
  const prefixes = { v4: Number(v4), v6: Number(v6) };
  return prefixes.v4 <= 32 && prefixes.v6 <= 128 ? { by: "prefix", prefixes } : undefined;
}
