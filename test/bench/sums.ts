import { ours } from "./command.js";
import type { Contender } from "./compare.js";
import { WINDOW } from "./make-records.js";

/** As the table calls our sums, where there is but one of them. */
export const SUMS = "sums";

export function sums(name: string, endpoint: string, env: NodeJS.ProcessEnv = {}): Contender {
  return ours(name, "digest", [WINDOW.start, WINDOW.stop], { ...env, DIGESTER_ENDPOINT: endpoint });
}
