import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

/** GET /healthcheck: alive as long as it answers. */
export const healthRoutes: FastifyPluginCallbackZod = (app, _, done) => {
  app.get(
    "/healthcheck",
    {
      config: { access: "open" },
      schema: {
        summary: "Whether the process serves",
        tags: ["health"],
        response: { 200: z.object({ status: z.literal("ok") }) },
      },
    },
    () => ({ status: "ok" as const }),
  );
  done();
};
