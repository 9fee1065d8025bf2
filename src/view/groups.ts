import { NONE } from "../edges/table.js";
import type { Conversations } from "./conversations.js";
import type { Group } from "./group-kinds.js";
import type { HostList } from "./host-list.js";
import type { Hosts } from "./hosts.js";
import type { Nodes, ViewNode } from "./nodes.js";
import { partsOf } from "./open.js";

/** So many nodes there are at most once some are opened; one of the Internet is drawn twice. */
const MAX_OPENED_NODES = 60;

interface GroupNode {
  readonly group: Group;
  readonly side: ViewNode["side"];
  readonly parent: string | undefined;
  readonly none: string[];
  hosts: number;
  index: number;
}

/** How many boxes it may be. */
function weigh({ side }: Pick<ViewNode, "side">): number {
  return side === "internet" ? 2 : 1;
}

/** Groups as they are filled with hosts. */
export class Groups {
  readonly #hosts: Hosts;
  #nodes = new Map<string, GroupNode>();
  readonly #opened: ViewNode[] = [];
  readonly #nodeOf: Int32Array;
  #size = 0;

  constructor(bound: number, hosts: Hosts) {
    this.#hosts = hosts;
    this.#nodeOf = new Int32Array(bound).fill(NONE);
  }

  put(address: number, group: Group, parent?: string): void {
    let node = this.#nodes.get(group.id);
    if (node === undefined) {
      const side = this.#hosts.isInternet(address) ? "internet" : "inside";
      node = { group, side, parent, hosts: 0, none: [], index: this.#size++ };
      this.#nodes.set(group.id, node);
    }
    node.hosts++;
    this.#nodeOf[address] = node.index;
  }

  /** The group is without this host, which would belong to it. */
  exclude(id: string, address: number): void {
    this.#nodes.get(id)?.none.push(this.#hosts.text(address));
  }

  /** @returns false where there is no room */
  open(id: string, list: HostList, table: Conversations): boolean {
    const node = this.#nodes.get(id);
    if (node === undefined || node.group.kind === "host") return true;
    const others = [...this.#nodes.values()].filter((other) => other !== node);
    const left = MAX_OPENED_NODES - others.reduce((sum, other) => sum + weigh(other), 0);
    const whole = nodeOfGroup(node);
    const addresses = [...list.addresses].filter((address) => this.#nodeOf[address] === node.index);
    const parts = partsOf(whole, addresses, table, this.#hosts, Math.floor(left / weigh(node)));
    if (parts === undefined) return false;
    this.#opened.push(whole);
    // Its parts take its place among the nodes: which end of a link comes first is decided by that.
    const before = [...this.#nodes].slice(0, [...this.#nodes.keys()].indexOf(id));
    const after = [...this.#nodes].slice(before.length + 1);
    this.#nodes = new Map(before);
    for (const address of addresses) this.put(address, parts(address), id);
    for (const [id, other] of after) this.#nodes.set(id, other);
    return true;
  }

  nodes(notes: readonly string[]): Nodes {
    const all = [...this.#nodes.values()];
    const numbers = new Int32Array(this.#size);
    for (const [number, { index }] of all.entries()) numbers[index] = number;
    const nodeOf = this.#nodeOf.map((index) => (index === NONE ? NONE : (numbers[index] ?? NONE)));
    const nodes = all.map(nodeOfGroup);
    return {
      size: nodes.length,
      at: (node) => nodes[node] ?? nothing(node),
      nodeOf,
      opened: this.#opened,
      notes,
    };
  }
}

function nodeOfGroup({ group, side, hosts, none, parent }: GroupNode): ViewNode {
  const { id, label, kind, query } = group;
  return {
    id,
    label,
    kind,
    side,
    hosts,
    query: { all: query.all, none: [...query.none, ...none] },
    ...(parent === undefined ? {} : { parent }),
  };
}

export function nothing(node: number): never {
  throw new RangeError(`there is no node ${node}`);
}
