import { createRequire } from "node:module";
import type * as Undici from "undici";

const require = createRequire(import.meta.url);

/** The library, loaded with the first client: it takes a tenth of a second, and many a process asks nobody. */
export function undici(): typeof Undici {
  // oxlint-disable-next-line typescript/no-unsafe-return -- types don't follow a call
  return require("undici");
}
