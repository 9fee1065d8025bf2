import type { Role } from "../node-hosts.js";
import type { ViewNode } from "../nodes.js";
import type { View } from "../view.js";
import { MapTooLargeError } from "./graph-map.js";

/** More than that nobody can read. */
const MAX_BOXES = 60;
export const MAX_LINES = 120;

export interface DrawnNode {
  /** Its number in the view. */
  readonly number: number;
  readonly node: ViewNode;
  readonly role: Role;
}

/** The nodes that are drawn, each a box; of the Internet one where they are clients, and one where they serve. */
export class DrawnNodes {
  readonly #view: View;
  readonly #boxes = new Map<string, number>();
  readonly all: DrawnNode[] = [];

  constructor(view: View) {
    this.#view = view;
  }

  /** @throws MapTooLargeError */
  boxOf(number: number, end: "from" | "to"): number {
    const node = this.#view.nodes.at(number);
    const role = node.side === "internet" ? end : "either";
    const key = `${number} ${role}`;
    let box = this.#boxes.get(key);
    if (box === undefined) {
      box = this.all.length;
      if (box === MAX_BOXES) throw tooLarge();
      this.#boxes.set(key, box);
      this.all.push({ number, node, role });
    }
    return box;
  }

  borderOf(box: number): "left" | "right" | undefined {
    const role = this.all[box]?.role;
    return role === "from" ? "left" : role === "to" ? "right" : undefined;
  }

  titleOf(box: number): string {
    return this.all[box]?.node.label ?? "";
  }

  areHosts(): boolean {
    return this.all.every(({ node }) => node.kind === "host");
  }
}

export function tooLarge(): MapTooLargeError {
  return new MapTooLargeError(
    `expected at most ${MAX_BOXES} boxes and ${MAX_LINES} lines, since nobody can read a larger picture: try group=auto, top=50, or a narrower where=`,
  );
}
