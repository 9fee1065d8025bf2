import type { GraphView } from "../state/answers.js";
import { shownOf } from "../state/asked.js";
import { hostTerm } from "../state/filter.js";
import { conversations, grouped } from "../state/graph.js";

const FIELDS = [
  "host:",
  "from:",
  "to:",
  "port:",
  "service:",
  "protocol:",
  "action:",
  "is:",
  "bytes:",
  "name:",
  "account:",
  "interface:",
  "vpc:",
  "subnet:",
  "instance:",
  "after:",
  "before:",
] as const;
const WORDS: Readonly<Record<string, readonly string[]>> = {
  action: ["accept", "reject"],
  is: ["flagged", "rejected", "served"],
  protocol: ["tcp", "udp", "icmp"],
  bytes: [">1MB", ">1GB"],
};
const MOST = 9;

/** What a term that begins like this may become: fields, then values that occur in what is seen. */
export function suggestionsFor(text: string): string[] {
  const [, minus = "", typed = ""] = /^(-?)(.*)$/.exec(text.trimStart()) ?? [];
  const lower = typed.toLowerCase();
  const [, field, begun = ""] = /^([a-z]+):(.*)$/.exec(lower) ?? [];
  const values = known();
  let found: string[];
  if (field === undefined) {
    // What stands for itself: an address or a service may be typed without its field.
    const bare =
      lower === ""
        ? []
        : [
            ...values.services.filter((name) => name.startsWith(lower)).map((name) => `service:${name}`),
            ...values.ports.filter((port) => port.startsWith(lower)).map((port) => `port:${port}`),
            ...values.hosts
              .filter((host) => host.toLowerCase().includes(lower))
              .map((host) => hostTerm(host)),
            ...(/^[\d.:a-f]+(?:\/\d+)?$/.test(lower) && /[.:]/.test(lower) ? [hostTerm(lower)] : []),
          ];
    found = [...FIELDS.filter((name) => name.startsWith(lower)), ...bare];
  } else {
    const list = valuesOf(field, values);
    found = list
      .filter((value) => value.toLowerCase().includes(begun))
      .map((value) => hostTerm(value, field));
  }
  return [...new Set(found)].slice(0, MOST).map((term) => `${minus}${term}`);
}

interface Known {
  readonly hosts: readonly string[];
  readonly services: readonly string[];
  readonly ports: readonly string[];
}

function valuesOf(field: string, { hosts, services, ports }: Known): readonly string[] {
  if (field === "host" || field === "from" || field === "to") return ["internet", "inside", ...hosts];
  if (field === "service") return services;
  if (field === "port") return ports;
  return WORDS[field] ?? [];
}

function known(): Known {
  const views = [shownOf(conversations.value), shownOf(grouped.value)].filter(
    (view): view is GraphView => view !== undefined,
  );
  const services = views.flatMap(({ links }) => links.flatMap((link) => link.services));
  return {
    hosts: [...new Set(views.flatMap(({ nodes }) => nodes.map(({ id }) => id)))],
    services: [...new Set(services.flatMap(({ name }) => name ?? []))],
    ports: [...new Set(services.flatMap(({ port }) => (port === undefined ? [] : String(port))))],
  };
}
