/** The commands of the documentation, run on the sample as its readers run them. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { TimeWindow } from "../../src/window.js";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { eventually } from "../support/eventually.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";
import { graphOf, serve } from "./serving.js";

const [readme, views, http, flowLogs] = await Promise.all(
  ["README.md", "docs/views.md", "docs/http.md", "docs/flow-logs.md"].map((path) =>
    readFile(new URL(`../../${path}`, import.meta.url), "utf8"),
  ),
);

/** The blocks of a kind in a section, without what comes before the section. */
function blocks(document: string | undefined, heading: string, kind: string): string[] {
  const [, section = ""] = document?.split(`\n## ${heading}\n`) ?? [];
  const [text = ""] = section.split("\n## ");
  return [...text.matchAll(new RegExp(`\`\`\`${kind}\\n([^]*?)\`\`\``, "g"))].map(([, block = ""]) => block);
}

let url: string;
let dir: TemporaryDir;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const directory = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
  const served = await serve({ DIGESTER_ENDPOINT: `file:${directory}` }, {}, {}, (end) => ends.push(end));
  ({ url } = served);
  dir = await temporaryDir();
  ends.push(() => dir.remove());
  for (const [start, stop] of [
    ["2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z"],
    ["2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z"],
    ["2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z"],
  ]) {
    const path = graphOf(TimeWindow.parse(start, stop));
    await served.call("POST", path);
    await eventually(async () => expect((await served.call("HEAD", path)).status).toBe(200));
  }
});
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

async function run(commands: string): Promise<string> {
  const script = `set -euo pipefail\n${commands}`.replaceAll("http://127.0.0.1:8080", url);
  const { stdout } = await promisify(execFile)("bash", ["-c", script], {
    cwd: dir.path,
    timeout: DEADLINE_MS,
  });
  return stdout.replaceAll("\r", "");
}

/** What each of the commands in docs/views.md answers, in its order. */
const ANSWERS: readonly RegExp[] = [
  /"rule":"port-scan".*"rule":"let-in".*"rule":"reached-from".*port 4444/,
  /^10\.40\.1\.5,10\.20\.30\.31,postgresql\/tcp,\d+,\d+$/m,
  /^198\.51\.100\.23,10\.20\.0\.51,.*more,44$/m,
  /^from,to,services,client_bytes\n10\.20\.20\.22,198\.51\.100\.77,4444\/tcp,35480063\n/,
  /^10\.20\.0\.51,10\.20\.20\.22,0,2,0,accepted$/m,
  /^10\.20\.20\.22,198\.51\.100\.77,4444\/tcp$/m,
  /^10\.20\.20\.22,198\.51\.100\.77,4444\/tcp,.*Z,.*Z$/m,
  /^<svg[^]*4444/,
];

test("each question of docs/views.md has the answer on the sample that it is asked for", async () => {
  const [variables = "", ...commands] = blocks(views, "Examples", "sh");
  expect(commands).toHaveLength(ANSWERS.length);
  for (const [index, command] of commands.entries()) {
    const answer = await run(`${variables}\n${command}\nif [ -e map.svg ]; then cat map.svg; fi`);
    expect(answer, command).toMatch(ANSWERS[index] ?? /^$/);
  }
});

test("the findings and the questions of the README are those of the sample", async () => {
  const [findings = "", questions = ""] = blocks(readme, "Ask questions", "sh");
  const Findings = z.object({ findings: z.array(z.object({ title: z.string() })) });
  const { findings: list } = Findings.parse(JSON.parse(await run(findings)));
  expect(blocks(readme, "Ask questions", "text")).toEqual([list.map(({ title }) => `${title}\n`).join("")]);
  expect(await run(questions)).toMatch(/postgresql[^]*4444\/tcp/);
});

test("the list of graphs and the progress in docs/http.md are those of the sample", async () => {
  const [list = ""] = blocks(http, "The list of graphs", "sh");
  const [listed = ""] = blocks(http, "The list of graphs", "json");
  const Graphs = z.object({ graphs: z.array(z.looseObject({ made: z.string() })) });
  const { graphs } = Graphs.parse(JSON.parse(await run(list)));
  const [{ made: _, ...shown } = { made: "" }] = Graphs.parse(JSON.parse(listed)).graphs;
  expect(graphs).toContainEqual(expect.objectContaining(shown));
  const [progress = ""] = blocks(http, "Progress", "sh");
  expect(JSON.parse(await run(progress))).toMatchObject({ state: "done" });
});

test("the commands for late logs in docs/flow-logs.md fetch the graph that was made again", async () => {
  const [commands = ""] = blocks(flowLogs, "Late logs", "sh");
  const window = "start=2024-06-01T12:00:00Z&stop=2024-06-01T13:00:00Z";
  expect(commands).toContain(window);
  const { start, stop } = SAMPLE_WINDOW;
  const { headers } = await fetch(`${url}/graph?start=${start}&stop=${stop}`, { method: "HEAD" });
  const made = Date.parse(headers.get("last-modified") ?? "");
  // Last-Modified counts in seconds: a graph that is made again within one can't be told by it.
  await eventually(() => expect(Date.now()).toBeGreaterThanOrEqual(made + 1000));
  const onSample = commands.replace(window, `start=${start}&stop=${stop}`).replace("sleep 5", "sleep 0.1");
  expect(await run(`${onSample}\ncat graph.dot; echo "$before / $(modified)"`)).toMatch(
    /^digraph \{[^]*\}\n(.*GMT) \/ (?!\1).*GMT\n$/,
  );
});
