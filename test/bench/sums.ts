import { bundled } from "../support/bundle.js";
import { script } from "./command.js";
import type { Contender } from "./compare.js";
import { WINDOW } from "./make-records.js";

/** As the table calls our sums, where there is but one of them. */
export const SUMS = "sums";

export function sums(name: string, endpoint: string, env: NodeJS.ProcessEnv = {}): Contender {
  return script(name, bundled("digest"), [WINDOW.start, WINDOW.stop], {
    ...env,
    DIGESTER_ENDPOINT: endpoint,
  });
}
