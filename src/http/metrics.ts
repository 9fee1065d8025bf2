import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Exposition } from "../telemetry/stats.js";
import { anyFailure } from "./responses.js";

export interface MetricsOptions extends Exposition {
  /** Whether they can be read without a token. */
  readonly open: boolean;
}

/** GET /metrics, for Prometheus. */
export function metricsRoutes({ contentType, text, open }: MetricsOptions): FastifyPluginCallbackZod {
  return (app, _, done) => {
    app.route({
      method: "GET",
      url: "/metrics",
      config: open ? { access: "open" } : {},
      schema: {
        operationId: "getMetrics",
        summary: "The metrics of this process, for Prometheus",
        tags: ["health"],
        ...(open && { security: [] }),
        response: {
          200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
          ...anyFailure,
        },
      },
      handler: async (_request, reply) => reply.type(contentType).send(await text()),
    });
    done();
  };
}
