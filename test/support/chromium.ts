import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Whether to run what needs a browser. Missing, it is skipped here and a failure in CI. */
export function hasChromium(): boolean {
  const found = existsSync(EXECUTABLE);
  if (!found && process.env["CI"] === "true") throw new Error("CI has no Chromium: apt-get install chromium");
  if (!found) console.warn("skipped: Chromium isn't here (apt-get install chromium)");
  return found;
}

export async function startChromium(): Promise<Browser> {
  // Its sandbox wants user namespaces, which a container may not have. It sees our own pages alone.
  return chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
}
