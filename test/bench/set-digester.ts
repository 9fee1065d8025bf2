import { z } from "zod";
import type { Digester } from "../../src/digester/digester.js";
import { createDigester, digesterSettings } from "../../src/digester/index.js";

/** The one that the environment chooses. */
export function setDigester(): Digester {
  const settings = z.object(digesterSettings).parse(process.env);
  return createDigester(settings, { maxBytes: Number.MAX_SAFE_INTEGER, client: undefined });
}
