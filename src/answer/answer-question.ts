import type { Severity } from "../finding/finding.js";
import { type Findings, findings, USUAL_LIMIT } from "../finding/findings.js";
import { Names } from "../name/names.js";
import { VIEW_FORMATS } from "../view/format/formats.js";
import { Hosts } from "../view/hosts.js";
import { viewOf } from "../view/view.js";
import { WhereError } from "../view/where-error.js";
import type { RemoteGraph, SeverityCounts, Task } from "./question.js";
import { RefusedError } from "./refused-error.js";
import type { Table } from "./tables.js";

/** What was found out about a graph in memory, for the names and mutes of the time. */
interface Known {
  readonly names: string;
  readonly hosts: Hosts;
  readonly found: Map<string, Findings>;
}

const known = new WeakMap<Table, Known>();
/** Findings of one graph against different windows, or of different lengths, that are kept. */
const MAX_FOUND = 4;

let names = Names.none;

const encoder = new TextEncoder();

interface Answered {
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Only when it was found for this answer: whoever keeps it is told once. */
  readonly found: SeverityCounts | undefined;
}

/**
 * The pieces of an answer, some kilobytes each.
 *
 * @param before the tables of `task.before`
 * @throws RefusedError
 */
export function answerQuestion(task: Task, table: Table, before: readonly Table[]): Answered {
  if (task.names.version !== names.version) names = new Names(task.names.loaded);
  const { question } = task;
  const hosts = knownOf(table).hosts;
  if (question.kind === "findings") {
    const { found, isNew } = findingsOf(task, table, before, question.limit);
    return {
      pieces: [encoder.encode(findingsText(task, found))],
      found: isNew ? countsOf(task, found) : undefined,
    };
  }
  const format = VIEW_FORMATS[question.format];
  if (format === undefined) throw new Error(`no such format: ${question.format}`);
  const { found, isNew } = findingsOf(task, table, before, USUAL_LIMIT);
  const [against] = task.before;
  const [other] = before;
  try {
    const view = viewOf(
      {
        window: task.graph.window,
        scope: task.graph.scope,
        graph: table.stored ?? table.conversations,
        against: against && other && { window: against.window, table: other.conversations },
        names,
        hosts,
        findings: found.flagging,
        flaggedHosts: [...new Set(found.flagging.flatMap((flagged) => flagged.hosts))],
        incomplete: incompleteOf(task.graph),
        read: task.graph.metadata?.counts,
        notes: table.facts.mayMergeAddresses ? [MERGED] : [],
      },
      question.request,
    );
    return { pieces: encoded(format.write(view)), found: isNew ? countsOf(task, found) : undefined };
  } catch (error) {
    if (error instanceof WhereError) throw new RefusedError("senseless", error.message);
    throw error;
  }
}

const MERGED =
  "This graph was made by the Go service, which merges hosts whose addresses differ only in where the dots or colons are.";

async function* encoded(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield typeof piece === "string" ? encoder.encode(piece) : piece;
}

/** Of a list that was cut short, or has what is new, there is nothing to count. */
function countsOf({ before }: Task, { findings: list, more }: Findings): SeverityCounts | undefined {
  if (before.length > 0 || (more > 0 && list.length < USUAL_LIMIT)) return undefined;
  const count = (severity: Severity) => list.filter((finding) => finding.severity === severity).length;
  return { high: count("high"), medium: count("medium"), low: count("low") };
}

function knownOf(table: Table): Known {
  const there = known.get(table);
  if (there?.names === names.version) return there;
  const { conversations } = table;
  const made = { names: names.version, hosts: new Hosts(conversations, names), found: new Map() };
  known.set(table, made);
  return made;
}

function findingsOf(
  { mutes, graph, before: others }: Task,
  table: Table,
  before: readonly Table[],
  limit: number,
): { readonly found: Findings; readonly isNew: boolean } {
  const { found } = knownOf(table);
  const key = JSON.stringify([mutes.version, others.map((other) => other.key), limit]);
  const there = found.get(key);
  if (there !== undefined) return { found: there, isNew: false };
  const { start, stop } = graph.window;
  const made = findings(table.conversations, {
    window: { startDate: new Date(start), stopDate: new Date(stop) },
    baseline: before.map(({ conversations }) => conversations),
    nameOf: (address) => names.findText(address)?.text,
    isInside: (address) => {
      const side = names.findText(address)?.side;
      return side && side === "inside";
    },
    mute: mutes.list,
    limit,
  });
  for (const oldest of [...found.keys()].slice(0, Math.max(0, found.size + 1 - MAX_FOUND)))
    found.delete(oldest);
  found.set(key, made);
  return { found: made, isNew: true };
}

function findingsText({ graph, before }: Task, found: Findings): string {
  const { findings: list, muted, more, unknown } = found;
  return `${JSON.stringify({
    window: graph.window,
    scope: graph.scope,
    before: before.map(({ window }) => window),
    incomplete: incompleteOf(graph),
    findings: list,
    muted,
    more,
    unknown,
  })}\n`;
}

/** Whether AWS lost records before they were digested. Undefined where nobody knows. */
function incompleteOf({ metadata }: RemoteGraph): boolean | undefined {
  return metadata && (metadata.counts["skipdata"] ?? 0) > 0;
}
