import type { FastifySchemaCompiler } from "fastify";

/** Queries of a route that are remembered, and characters of the longest such. */
const MAX_QUERIES = 1000;
const MAX_CHARACTERS = 500;

/** As Fastify parses it: texts, or lists of them. */
type Query = Readonly<Record<string, unknown>>;

/**
 * Has what valid queries say remembered, those of late: the same graph is asked for again and again, and to read its window
 * takes longer than to find it. So what a schema makes of a query must depend on that alone.
 */
export function rememberQueries<Schema>(
  compile: FastifySchemaCompiler<Schema>,
): FastifySchemaCompiler<Schema> {
  return (route) => {
    const validate = compile(route);
    if (route.httpPart !== "querystring") return validate;
    const known = new Map<string, ReturnType<typeof validate>>();
    return (query: Query) => {
      const key = keyOf(query);
      const found = key === undefined ? undefined : known.get(key);
      if (found !== undefined) return found;
      const outcome = validate(query);
      if (key === undefined || !isValid(outcome) || key.length > MAX_CHARACTERS) return outcome;
      const [oldest] = known.keys();
      if (known.size >= MAX_QUERIES && oldest !== undefined) known.delete(oldest);
      // Several requests get the same.
      Object.freeze(outcome.value);
      known.set(key, outcome);
      return outcome;
    };
  };
}

/** Names and values, with their lengths so that no two queries have the same key. Undefined: one has several values. */
function keyOf(query: Query): string | undefined {
  let key = "";
  for (const name in query) {
    const value = query[name];
    if (typeof value !== "string") return undefined;
    key += `${name.length}:${name}${value.length}:${value}`;
  }
  return key;
}

function isValid(outcome: unknown): outcome is { readonly value: unknown } {
  return typeof outcome === "object" && outcome !== null && "value" in outcome;
}
