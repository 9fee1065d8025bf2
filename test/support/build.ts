import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

/** Before any test: dist as the sources have it now, since whole processes, and threads, run from there. */
export default function setUp(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}

function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: "inherit",
  });
}
