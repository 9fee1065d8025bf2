import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";

/** The page loads nothing from elsewhere, and the browser sees to it. Swagger UI styles its elements inline. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The OpenAPI 3.1 description at /openapi.json, made from the schemas that validate, and a page at /docs to browse it.
 * To be called before routes are registered.
 */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    exposeHeadRoutes: true,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "vpcflow-grapherd",
        description: "Turns AWS VPC flow logs into graphs that show who talks to whom.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        version: "1",
      },
      // Wherever the description was fetched from.
      servers: [{ url: "/", description: "This process" }],
      tags: [
        { name: "graph", description: "Asking for graphs" },
        { name: "worker", description: "Delivering jobs, for event buses" },
        { name: "health", description: "For monitoring" },
        { name: "aliases", description: "The same calls at the paths of the Go service" },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: "http",
            scheme: "bearer",
            description: "Needed if API_TOKENS or PRODUCE_TOKENS is set",
          },
        },
      },
      security: [{}, { bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(async (docs) => {
    // What a browser loads without being able to send a token. The description itself isn't among it.
    docs.addHook("onRoute", (route) => {
      if (/^\/docs(?:\/|\/static\/.+)?$/.test(route.url)) route.config = { ...route.config, access: "open" };
    });
    await docs.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: PAGE_POLICY,
      // Without a bar at the top that asks for the address of another document.
      uiConfig: { layout: "BaseLayout" },
      theme: { title: "vpcflow-grapherd" },
    });
  });
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
}
