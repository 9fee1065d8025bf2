import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { graphOf, serve } from "./serving.js";

const questions = await readFile(new URL("../../docs/views.md", import.meta.url), "utf8");
const [section = ""] = /## Examples\n[^]*?\n## /.exec(questions) ?? [];
const [variables = "", ...commands] = [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, sh = ""]) => sh);

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
  const directory = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
  const { call, url } = await serve({ DIGESTER_ENDPOINT: `file:${directory}` });
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  for (const [start, stop] of [
    ["2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z"],
    ["2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z"],
    ["2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z"],
  ]) {
    const path = graphOf(TimeWindow.parse(start, stop));
    await call("POST", path);
    await expect.poll(async () => (await call("HEAD", path)).status).toBe(200);
  }
  expect(commands).toHaveLength(ANSWERS.length);
  for (const [index, command] of commands.entries()) {
    const script = `set -euo pipefail\n${variables}\n${command}\nif [ -e map.svg ]; then cat map.svg; fi`;
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-c", script.replaceAll("http://127.0.0.1:8080", url)],
      { cwd: dir.path, timeout: DEADLINE_MS },
    );
    expect(stdout.replaceAll("\r", ""), command).toMatch(ANSWERS[index] ?? /^$/);
  }
});
