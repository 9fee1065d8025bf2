import { parseLine } from "../../src/graph/parse-line.js";
import { newStats, type GraphStats } from "../../src/graph/stats.js";

const NAMES = ["accountID", "eniID", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"];

/** The DOT of a digest in Latin 1, and what is counted, in the obvious way: what the kernel makes of it must be the same. */
export function toDot(digest: string): { dot: string; stats: GraphStats } {
  const stats = { ...newStats(), digestBytes: digest.length };
  const nodes = new Set<string>();
  const edges: string[] = [];
  const lines = digest.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [i, text] of lines.entries()) {
    const line = parseLine(Buffer.from(text, "latin1"), i + 1);
    if (line.kind === "nodata") stats.nodata++;
    if (line.kind === "skipdata") stats.skipdata++;
    if (line.kind !== "edge") continue;
    if (line.rejected) stats.rejected++;
    const fields = line.fields.split(" ");
    const [source = "", destination = ""] = fields.splice(2, 2);
    nodes.add(source).add(destination);
    edges.push(edge(source, destination, fields, line.rejected));
  }
  const nodeLines = Array.from(nodes, (address) => `\t"${address}" [label="${address}"]\n`);
  const dot = `digraph {\n${edges.join("")}${nodeLines.join("")}}\n`;
  return { dot, stats: { ...stats, edges: edges.length, nodes: nodes.size, bytes: dot.length } };
}

function edge(source: string, destination: string, fields: readonly string[], rejected: boolean): string {
  const named = (before: string, after: string) =>
    NAMES.map((name, i) => `${before}${name}=${after}${fields[i]}${after}`);
  const label = named("", "").join(String.raw`\n`);
  return `\t"${source}" -> "${destination}" [${named("govpc_", '"').join(" ")} color=${rejected ? "red" : "green"} label="${label}"]\n`;
}
