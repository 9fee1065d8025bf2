import { z } from "zod";

/** What may be a misspelt name. Anything else may be a secret, and this message is logged. */
const NAME = /^[a-z][a-z_-]{0,15}$/i;

/** Says which parameters there are, where one is given that isn't. */
export function strictly<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const unknown = z.array(z.string()).parse(issue["keys"]);
      const names = unknown.filter((name) => NAME.test(name)).map((name) => ` ${JSON.stringify(name)}`);
      return `unknown parameter${unknown.length > 1 ? "s" : ""}${names.join(",")}: expected some of ${Object.keys(shape).join(", ")}`;
    },
  });
}
