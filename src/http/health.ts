import { messageOf } from "../errors.js";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Service } from "../service.js";
import { HttpError } from "./errors.js";
import { anyFailure, failure } from "./responses.js";
import { Readiness } from "./readiness.js";

const Ok = z.object({ status: z.literal("ok") }).describe("Yes");

/** GET /healthcheck: alive as long as it answers. GET /readiness: whether its modules could serve as well. */
export function healthRoutes(service: Service): FastifyPluginCallbackZod {
  return (app, _, done) => {
    const readiness = new Readiness(service, (dependency, error) => {
      app.log.warn({ dependency, error, reason: messageOf(error) }, "not-ready");
    });

    for (const method of ["GET", "HEAD"] as const) {
      app.route({
        method,
        url: "/healthcheck",
        config: { access: "open" },
        schema: {
          operationId: method === "GET" ? "getHealth" : "headHealth",
          summary: "Whether the process serves",
          tags: ["health"],
          security: [],
          response: { 200: Ok, default: anyFailure.default },
        },
        handler: () => ({ status: "ok" as const }),
      });
      app.route({
        method,
        url: "/readiness",
        config: { access: "open" },
        schema: {
          operationId: method === "GET" ? "getReadiness" : "headReadiness",
          summary: "Whether storage, marker, queuer and digester can do their work now",
          tags: ["health"],
          security: [],
          response: {
            200: Ok,
            503: failure("The message names those that can't", "Retry-After"),
            default: anyFailure.default,
          },
        },
        handler: async () => {
          const failing = await readiness.failing();
          if (failing.length > 0) throw new HttpError(503, `not ready: ${failing.join(", ")}`);
          return { status: "ok" as const };
        },
      });
    }
    done();
  };
}
