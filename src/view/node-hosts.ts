import { NONE } from "../edges/table.js";
import type { Conversations } from "./conversations.js";
import type { Hosts } from "./hosts.js";
import type { FlagKind, Marks } from "./marks.js";
import { weightsOf } from "./measure.js";
import type { Nodes } from "./nodes.js";

/** As which end of links a host is looked at. */
export type Role = "from" | "to" | "either";

interface NodeHost {
  readonly address: string;
  readonly name: string | undefined;
  readonly flag: FlagKind | undefined;
}

/** The hosts of a node in a role: how many there are, and the first of them, flagged ones first, then the heaviest. */
export type NodeHosts = (
  node: number,
  role: Role,
  most: number,
) => { readonly count: number; readonly first: readonly NodeHost[] };

const FROM = 1;
const TO = 2;
const BITS: Readonly<Record<Role, number>> = { from: FROM, to: TO, either: FROM | TO };

/**
 * @param kept 1 for each row that isn't filtered out
 * @param isTurned whether a row's client is the end that its link goes to
 */
export function nodeHosts(
  table: Conversations,
  kept: Uint8Array,
  isTurned: (row: number) => boolean,
  nodes: Nodes,
  hosts: Hosts,
  flaggedHosts: readonly number[],
  marks: Marks,
): NodeHosts {
  // Few views are drawn: nothing is looked up before it is asked for.
  let known: ReturnType<typeof look> | undefined;
  function look() {
    const flags = hostFlags(table, flaggedHosts, marks);
    return { flags, ...rolesOf(table, kept, isTurned, nodes.nodeOf.length) };
  }
  return (node, role, most) => {
    known ??= look();
    const { flags, roles, bytesFrom, bytesTo } = known;
    const bits = BITS[role];
    const weigh = (address: number) =>
      ((bits & FROM) === 0 ? 0 : (bytesFrom[address] ?? 0)) +
      ((bits & TO) === 0 ? 0 : (bytesTo[address] ?? 0));
    const isBefore = (a: number, b: number) =>
      Number(flags.has(b)) - Number(flags.has(a)) || weigh(b) - weigh(a) || a - b;
    let count = 0;
    const first: number[] = [];
    for (let address = 0; address < roles.length; address++) {
      if (nodes.nodeOf[address] !== node || ((roles[address] ?? 0) & bits) === 0) continue;
      count++;
      let at = first.length;
      while (at > 0 && isBefore(address, first[at - 1] ?? NONE) < 0) at--;
      if (at >= most) continue;
      first.splice(at, 0, address);
      if (first.length > most) first.pop();
    }
    const hostOf = (address: number) => ({
      address: hosts.text(address),
      name: hosts.name(address)?.text,
      flag: flags.get(address),
    });
    return { count, first: first.map(hostOf) };
  };
}

function rolesOf(table: Conversations, kept: Uint8Array, isTurned: (row: number) => boolean, bound: number) {
  const roles = new Uint8Array(bound);
  const bytesFrom = new Float64Array(bound);
  const bytesTo = new Float64Array(bound);
  const weights = weightsOf(table.traffic, "bytes");
  for (let row = 0; row < table.size; row++) {
    if (kept[row] !== 1) continue;
    const client = table.client[row] ?? 0;
    const server = table.server[row] ?? 0;
    const [from, to] = isTurned(row) ? [server, client] : [client, server];
    const bytes = weights[row] ?? 0;
    roles[from] = (roles[from] ?? 0) | FROM;
    roles[to] = (roles[to] ?? 0) | TO;
    bytesFrom[from] = (bytesFrom[from] ?? 0) + bytes;
    bytesTo[to] = (bytesTo[to] ?? 0) + bytes;
  }
  return { roles, bytesFrom, bytesTo };
}

/** A host is no more than reached if all that flags it is that another reached it. */
function hostFlags(
  table: Conversations,
  flaggedHosts: readonly number[],
  { findings = [] }: Marks,
): ReadonlyMap<number, FlagKind> {
  const reached = new Set<number>();
  const more = new Set<number>();
  for (const { kind, rows } of findings) {
    for (const row of rows) {
      more.add(table.client[row] ?? NONE);
      (kind === "reached" ? reached : more).add(table.server[row] ?? NONE);
    }
  }
  return new Map(
    flaggedHosts.map((host) => [host, reached.has(host) && !more.has(host) ? "reached" : "flagged"]),
  );
}
