import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** In the project, so that its kernels and what isn't ours are found from there. */
const BUNDLES = fileURLToPath(new URL("../../.cache/test-scripts", import.meta.url));

/** A script with all that it imports of ours in one file, for processes that are started often: sources take a second each time. */
export async function bundle(script: URL): Promise<URL> {
  const source = fileURLToPath(script);
  const name = basename(source, ".ts");
  await build({
    configFile: false,
    logLevel: "warn",
    // What is in one directory isn't taken from another.
    build: {
      ssr: source,
      target: "node20",
      outDir: join(BUNDLES, name),
      emptyOutDir: true,
      rolldownOptions: { output: { entryFileNames: "main.js" } },
    },
  });
  return new URL(`file://${bundled(name)}`);
}

/** Where the bundle of a script is, by its name. */
export function bundled(name: string): string {
  return join(BUNDLES, name, "main.js");
}
