import type { Row } from "./digests.js";

const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
const NAMES = ["accountID", "eniID", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"];
const EDGE = new RegExp(
  `^\\t${STRING} -> ${STRING} \\[${NAMES.map((name) => `govpc_${name}=${STRING}`).join(" ")} color=(green|red) label=${STRING}\\]$`,
);
const NODE = new RegExp(`^\\t${STRING} \\[label=${STRING}\\]$`);

interface Graph {
  readonly rows: Row[];
  readonly labels: string[];
  readonly nodes: string[];
}

/** Reads DOT back as its own small reader would: by the grammar of quoted strings, knowing nothing of how it was made. */
export function readDot(dot: string): Graph {
  const lines = dot.split("\n");
  if (lines.shift() !== "digraph {" || lines.pop() !== "" || lines.pop() !== "}")
    throw new Error("not a graph");
  const graph: Graph = { rows: [], labels: [], nodes: [] };
  for (const line of lines) {
    const node = NODE.exec(line);
    const edge = EDGE.exec(line);
    if (node !== null) graph.nodes.push(unescape(node[1]));
    else if (edge === null) throw new Error(`neither an edge nor a node: ${line}`);
    else {
      const [source, destination, account, eni, ...rest] = edge.slice(1).map(unescape);
      graph.rows.push({
        account: account ?? "",
        interface: eni ?? "",
        source: source ?? "",
        destination: destination ?? "",
        numbers: rest.slice(0, 7),
        action: edge[12] === "red" ? "REJECT" : "ACCEPT",
      });
      graph.labels.push(rest.at(-1) ?? "");
    }
  }
  return graph;
}

/** Graphviz's escapes, of which DOT here has two: a line break, and a backslash. */
function unescape(text: string | undefined): string {
  return (text ?? "").replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
}

/** The label that an edge must show for a row. */
export function labelOf({ account, interface: eni, numbers }: Row): string {
  return [account, eni, ...numbers].map((value, i) => `${NAMES[i]}=${value}`).join("\n");
}
