import { z } from "zod";

/** What the modules that keep files can be told. */
export const diskSettings = {
  GRAPH_DATA_DIR: z
    .string()
    .min(1)
    .default("./data")
    .describe("directory for graphs and claims that are not in S3"),
};
