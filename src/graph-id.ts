import { z } from "zod";

/** The name of a graph: a version 5 UUID made from its window, and its scope if it has one. */
export const GraphId = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    "expected a graph id: a version 5 UUID in lower case",
  )
  .brand("GraphId");
export type GraphId = z.infer<typeof GraphId>;
