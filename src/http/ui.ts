import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Negotiator from "negotiator";
import { HttpError } from "./errors.js";

/** Where `npm run build` puts the page: beside the service, which is built into one folder. Beside this source there is none. */
const BUILT = new URL("page/", import.meta.url);

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing is loaded from elsewhere, nothing is styled or scripted inline, and nobody frames the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface PageFile {
  readonly mediaType: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
}

/**
 * The page at /ui, to which a browser that asks for `/` without parameters is sent. Its files are open: a browser can't send
 * a token along with them, and they say nothing of any graph. To be called before other routes are registered.
 *
 * @param directory where the page was built
 */
export async function servePage(app: FastifyInstance, directory = BUILT): Promise<void> {
  const files = await readPage(directory);
  const index = files.get("index.html");

  const send = (file: PageFile | undefined, cache: string, request: FastifyRequest, reply: FastifyReply) => {
    if (file === undefined) {
      throw new HttpError(404, index === undefined ? "the page isn't built: npm run build" : "no such file");
    }
    const isZipped = new Negotiator(request.raw).encoding(["gzip", "identity"]) === "gzip";
    void reply
      .type(file.mediaType)
      .header("cache-control", cache)
      .header("vary", "Accept-Encoding")
      .header("content-security-policy", POLICY)
      .header("referrer-policy", "no-referrer")
      .header("x-content-type-options", "nosniff");
    if (isZipped) void reply.header("content-encoding", "gzip");
    return reply.send(isZipped ? file.gzip : file.body);
  };

  const options = { config: { access: "open" }, schema: { hide: true }, exposeHeadRoute: true } as const;
  for (const url of ["/ui", "/ui/"]) {
    app.get(url, options, (request, reply) => send(index, "no-cache", request, reply));
  }
  app.get<{ Params: { "*": string } }>("/ui/assets/*", options, (request, reply) =>
    // The names are hashes of what is in them.
    send(files.get(`assets/${request.params["*"]}`), "public, max-age=31536000, immutable", request, reply),
  );

  if (index === undefined) return;
  app.addHook("onRequest", (request, reply, done) => {
    const isBare = request.method === "GET" && /^\/\??$/.test(request.url);
    // Not whoever takes anything, such as curl: that call is told what is missing.
    if (isBare && /\btext\/html\b/i.test(request.headers.accept ?? "")) {
      void reply.header("vary", "Accept").redirect("/ui", 302);
    } else {
      done();
    }
  });
}

async function readPage(directory: URL): Promise<ReadonlyMap<string, PageFile>> {
  let names: string[];
  try {
    names = await readdir(directory, { recursive: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Map();
    throw error;
  }
  const known = names.filter((name) => extname(name) in MEDIA_TYPES);
  return new Map(
    await Promise.all(
      known.map(async (name): Promise<[string, PageFile]> => {
        const body = await readFile(new URL(name, directory));
        const mediaType = MEDIA_TYPES[extname(name)] ?? "";
        return [name, { mediaType, body, gzip: await promisify(gzip)(body, { level: 9 }) }];
      }),
    ),
  );
}
