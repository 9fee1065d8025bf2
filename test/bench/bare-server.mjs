// A Fastify server that does nothing, the limit of what ours can be: `bare-server.mjs GRAPH` answers /200 with
// the bytes of that file, /304 and /404, tells its URL in a message, and ends with its parent.
import { readFileSync } from "node:fs";
import fastify from "fastify";

const [, , path] = process.argv;
const body = readFileSync(path);

const app = fastify();
app.get("/200", (_request, reply) =>
  reply.headers({ "content-type": "text/vnd.graphviz", "content-encoding": "gzip", etag: '"1"' }).send(body),
);
app.get("/304", (_request, reply) => reply.code(304).header("etag", '"1"').send());
app.get("/404", (_request, reply) =>
  reply.code(404).send({ statusCode: 404, error: "Not Found", message: "none" }),
);
process.on("disconnect", () => process.exit());
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
