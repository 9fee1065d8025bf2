import { z } from "zod";

/** Says which parameters there are, where one is given that isn't. */
export function strictly<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const names = z
        .array(z.string())
        .parse(issue["keys"])
        .map((name) => JSON.stringify(name));
      return `unknown parameter${names.length > 1 ? "s" : ""} ${names.join(", ")}: expected some of ${Object.keys(shape).join(", ")}`;
    },
  });
}
