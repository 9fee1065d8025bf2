import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * What `npm run build` made besides modules that are imported: kernels and threads. package.json says where they are, so that
 * sources under test find them as well.
 *
 * @param path below dist
 */
export function builtFile(path: string): string {
  return require.resolve(`#dist/${path}`);
}
