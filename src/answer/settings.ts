import { z } from "zod";
import { nameSettings } from "../name/settings.js";
import { integer } from "../settings.js";

export const answerSettings = {
  ...nameSettings,
  FINDINGS_MUTE: z
    .string()
    .optional()
    .describe(
      "file of `rule,cidr,port` lines, `*` for any: findings that are left out and counted. Read again when it changes; unset: none",
    ),
  VIEW_CACHE_BYTES: integer(0)
    .prefault("268435456")
    .describe("memory for graphs that were asked about lately, some 200 bytes for each edge"),
  VIEW_MAX_EDGES: integer(1)
    .prefault("2000000")
    .describe(
      "largest graph that views and findings are computed of, some 300 bytes of memory for each edge",
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
