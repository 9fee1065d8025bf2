import { Converter, type EdgeWriter } from "../../src/graph/converter.js";
import { convertWith } from "../../src/graph/digest-to-gzip.js";
import type { Row } from "../../src/graph/row.js";
import type { GraphStats } from "../../src/graph/stats.js";

const NAMES = ["accountID", "eniID", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"];

/** Writes DOT as text, in the obvious way: what the kernel writes must be the same. */
class DotText implements EdgeWriter {
  #text = "digraph {\n";

  edge(row: Row): void {
    const fields = textOf(row.view, row.account, row.action - 1).split(" ");
    const [source, destination] = fields.splice(2, 2);
    const named = (before: string, after: string) =>
      fields.map((field, i) => `${before}${NAMES[i]}=${after}${field}${after}`);
    const color = row.rejected ? "red" : "green";
    const label = named("", "").join(String.raw`\n`);
    this.#text += `\t"${source}" -> "${destination}" [${named("govpc_", '"').join(" ")} color=${color} label="${label}"]\n`;
  }

  node(view: DataView, from: number, to: number): void {
    const address = textOf(view, from, to);
    this.#text += `\t"${address}" [label="${address}"]\n`;
  }

  close(): void {
    this.#text += "}\n";
  }

  take(): Buffer[] {
    const text = Buffer.from(this.#text, "latin1");
    this.#text = "";
    return text.length > 0 ? [text] : [];
  }
}

function textOf({ buffer, byteOffset }: DataView, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset + from, to - from).toString("latin1");
}

/** As `digestToGzip`, without the gzip. */
export function toDot(stats: GraphStats) {
  return async function* toDot(digest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const block of convertWith(new Converter(stats, new DotText()), stats, digest)) {
      stats.bytes += block.length;
      yield block;
    }
  };
}
