import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { buildApp } from "../../src/http/app.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { MemoryStorage } from "../../src/storage/memory.js";

const Answer = z.object({
  headers: z.record(z.string(), z.unknown()).default({}),
  content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })).default({}),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), Answer) }))),
});
type Document = z.infer<typeof Document>;

const ajv = new Ajv2020({ strict: false, validateFormats: false });

/** For whoever looks at all routes. */
export const noMetrics = { contentType: "text/plain", text: async () => "", open: false };

let own: Promise<Document> | undefined;

/** What the service says of itself, whoever may ask one that runs. */
export function ownDocument(): Promise<Document> {
  return (own ??= describeSelf());
}

async function describeSelf(): Promise<Document> {
  const modules = { storage: new MemoryStorage(), marker: new MemoryMarker() };
  const service = new BuiltInService(modules, { DIGESTER_ENDPOINT: "http://127.0.0.1:1/" });
  const app = await buildApp(service, { metrics: noMetrics });
  await app.ready();
  const document = Document.parse(app.swagger());
  await app.close();
  return document;
}

/** `/a/{b}` as a pattern; templates without parameters are tried first. */
function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
}

/** What isn't as the description has it, in words; empty when all is. */
export async function deviation(
  document: Document,
  method: string,
  path: string,
  response: Response,
): Promise<string> {
  const templates = Object.keys(document.paths)
    .filter((each) => matches(each, path))
    .toSorted((a, b) => Number(a.includes("{")) - Number(b.includes("{")));
  if (templates.length === 0) return "";
  const operations = templates.map((template) => document.paths[template]?.[method.toLowerCase()]);
  const operation = operations.find((each) => each !== undefined);
  if (operation === undefined)
    return [404, 405].includes(response.status) ? "" : "the method isn't described";
  const answer = operation.responses[response.status] ?? operation.responses["default"];
  if (answer === undefined) return "the status isn't described";
  const missing = Object.keys(answer.headers).filter((name) => !response.headers.has(name));
  if (missing.length > 0) return `the headers ${missing.join(", ")} are missing`;
  if (method === "HEAD") return "";
  const body = await response.text();
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  const described = answer.content[type];
  if (described === undefined) {
    return body === "" && Object.keys(answer.content).length === 0
      ? ""
      : `a body of the type "${type}" isn't described`;
  }
  const value: unknown = type === "application/json" ? JSON.parse(body) : body;
  return ajv.validate(described.schema, value) ? "" : ajv.errorsText();
}

/** As fetch, and throws when the service's OpenAPI document doesn't describe the answer: status, headers, body. */
export async function checkedFetch(input: URL | string, init: RequestInit = {}): Promise<Response> {
  const { method = "GET" } = init;
  const response = await fetch(input, init);
  const { pathname } = new URL(input);
  const wrong = await deviation(await ownDocument(), method, pathname, response.clone());
  if (wrong !== "") throw new Error(`${method} ${pathname} answered ${response.status}: ${wrong}`);
  return response;
}
