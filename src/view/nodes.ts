import type { Side } from "./hosts.js";

/** What `from:` and `to:` say of a node: all of `all`, none of `none`, as values of a filter. */
export interface NodeQuery {
  readonly all: readonly string[];
  readonly none: readonly string[];
}

/** A node of a view: a host, or several. */
export interface ViewNode {
  /** Unique in the view, and the same in another view of the same grouping. */
  readonly id: string;
  readonly label: string;
  readonly kind:
    "host" | "network" | "name" | "team" | "account" | "interface" | "vpc" | "subnet" | "internet" | "inside";
  readonly side: Side;
  /** How many hosts of the graph it is. */
  readonly hosts: number;
  readonly query: NodeQuery;
  /** The id of the node that was opened, and of which this is a part. */
  readonly parent?: string;
}

/** The nodes of a view, and which of them each host is. */
export interface Nodes {
  readonly size: number;
  /** Made when it is asked for: there may be as many as hosts. */
  at(node: number): ViewNode;
  /** By the number of an address. */
  readonly nodeOf: Int32Array;
  /** Those that were opened: their hosts are in the nodes whose `parent` they are. */
  readonly opened?: readonly ViewNode[];
  /** Sentences on what was coarsened. */
  readonly notes: readonly string[];
}
