import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { findings } from "../../src/finding/findings.js";
import type { Conversations } from "../../src/view/conversations.js";
import { filterOf } from "../../src/view/filter.js";
import { parseGrouping } from "../../src/view/grouping.js";
import { Hosts, NO_NAMES, type NameLookup } from "../../src/view/hosts.js";
import { marksOf, type Flagging } from "../../src/view/marks.js";
import { viewOf, type View, type ViewRequest } from "../../src/view/view.js";
import { parseWhere } from "../../src/view/where.js";
import { TimeWindow } from "../../src/window.js";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { edgesOfRecords } from "../scene/edges-of-records.js";

const DIRECTORY = "test/fixtures/flow-logs";
const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);

/** The sample's edges with their times, as they are digested in process. */
export function sampleWithTimes() {
  const files = readdirSync(DIRECTORY, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".gz"))
    .toSorted()
    .map((name) => gunzipSync(readFileSync(join(DIRECTORY, name))).toString());
  return edgesOfRecords(window, files);
}

/** A view with what was found in it, as it is drawn. */
export function drawnView(
  graph: Conversations,
  { group = "auto", where = "", names = NO_NAMES, ...request }: DrawnRequest = {},
): View {
  const hosts = new Hosts(graph, names);
  const list = findings(graph, { window }).findings;
  const rows = [...Array.from({ length: graph.size }).keys()];
  const addresses = new Set(rows.flatMap((row) => [graph.client[row] ?? 0, graph.server[row] ?? 0]));
  const flagged = new Set(list.flatMap((finding) => finding.hosts));
  return viewOf(
    {
      window: SAMPLE_WINDOW,
      graph,
      names,
      incomplete: false,
      findings: list.map((finding): Flagging => {
        const test = filterOf(parseWhere(finding.where), graph, hosts, marksOf(0, undefined, undefined));
        const kind = finding.rule === "reached-from" ? "reached" : "flagged";
        return { id: finding.id, title: finding.title, kind, rows: rows.filter((row) => test(row)) };
      }),
      flaggedHosts: [...addresses].filter((address) => flagged.has(hosts.text(address))),
    },
    {
      where: parseWhere(where),
      whereText: where,
      grouping: parseGrouping(group) ?? { by: "auto" },
      around: undefined,
      hops: 1,
      top: undefined,
      by: "bytes",
      ...request,
    },
  );
}

interface DrawnRequest extends Partial<Pick<ViewRequest, "top" | "layout" | "open">> {
  readonly group?: string;
  readonly where?: string;
  readonly names?: NameLookup;
}
