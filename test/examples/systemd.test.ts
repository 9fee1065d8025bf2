import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { configWarnings, loadConfig } from "../../src/compose/config.js";
import { DEADLINE_MS } from "../support/deadline.js";

const run = promisify(execFile);
const unit = fileURLToPath(new URL("../../examples/systemd/vpcflow-grapherd.service", import.meta.url));
const ANALYZE = "/usr/bin/systemd-analyze";

/** Whether there is a systemd to ask. Missing, it is skipped here and a failure in CI. */
function hasSystemd(): boolean {
  const found = existsSync(ANALYZE);
  if (!found && process.env["CI"] === "true")
    throw new Error("CI has no systemd-analyze: apt-get install systemd");
  if (!found) console.warn("skipped: systemd-analyze isn't here (apt-get install systemd)");
  return found;
}

test.runIf(hasSystemd())("systemd takes the unit", async () => {
  const { stdout, stderr } = await run(ANALYZE, ["verify", "--man=no", unit], { timeout: DEADLINE_MS });
  expect(`${stdout}${stderr}`).toBe("");
});

test("its variables are the service's", async () => {
  const lines = (await readFile(unit, "utf8")).matchAll(/^Environment=(\w+)=(.*)$/gm);
  const env = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
  expect(configWarnings(loadConfig(env), env)).toEqual([]);
});
