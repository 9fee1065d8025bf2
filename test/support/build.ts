import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Before any test: dist as the sources have it now, since whole processes run from there. */
export default function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: "inherit",
  });
}
