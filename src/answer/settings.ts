import { z } from "zod";
import { nameSettings } from "../name/settings.js";
import { integer } from "../settings.js";

export const answerSettings = {
  ...nameSettings,
  FINDINGS_MUTE: z
    .string()
    .optional()
    .describe(
      "file of findings to leave out: `rule,cidr,port` on each line, `*` for any. It is read again when it changes. Unset: none",
    ),
  VIEW_CACHE_BYTES: integer(0)
    .prefault("268435456")
    .describe("memory for graphs that were asked about recently, in bytes. An edge takes about 200"),
  VIEW_MAX_EDGES: integer(1)
    .prefault("2000000")
    .describe(
      "number of edges of the largest graph that can have views and findings. An edge takes about 300 bytes of memory",
    ),
};

/** What answers are made with. */
export interface AnswerOptions {
  /** Paths of files that name addresses. */
  readonly names: readonly string[];
  /** Path of the file of mutes. */
  readonly mutes: string | undefined;
  readonly cacheBytes: number;
  readonly maxEdges: number;
}

export function toAnswerOptions(config: z.infer<z.ZodObject<typeof answerSettings>>): AnswerOptions {
  return {
    names: config.NAMES ?? [],
    mutes: config.FINDINGS_MUTE,
    cacheBytes: config.VIEW_CACHE_BYTES,
    maxEdges: config.VIEW_MAX_EDGES,
  };
}
