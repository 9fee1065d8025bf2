import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Service } from "../service.js";
import { HttpError } from "./errors.js";
import { anyFailure, failure } from "./responses.js";
import { Readiness } from "./readiness.js";

const Ok = z.object({ status: z.literal("ok") });

/** GET /healthcheck: alive as long as it answers. GET /readiness: whether its modules could serve as well. */
export function healthRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    app.get(
      "/healthcheck",
      {
        config: { access: "open" },
        schema: {
          summary: "Whether the process serves",
          tags: ["health"],
          response: { 200: Ok, default: anyFailure.default },
        },
      },
      () => ({ status: "ok" as const }),
    );

    const readiness = new Readiness(service, (dependency, error) => {
      const reason = error instanceof Error ? error.message : String(error);
      app.log.warn({ dependency, error, reason }, "not-ready");
    });
    app.get(
      "/readiness",
      {
        config: { access: "open" },
        schema: {
          summary: "Whether the storage, the marker, the queuer and the digester could serve now",
          tags: ["health"],
          response: {
            200: Ok,
            503: failure("Says which of them could not", "Retry-After"),
            default: anyFailure.default,
          },
        },
      },
      async () => {
        const failing = await readiness.failing();
        if (failing.length > 0) throw new HttpError(503, `not ready: ${failing.join(", ")}`);
        return { status: "ok" as const };
      },
    );
    done();
  };
}
