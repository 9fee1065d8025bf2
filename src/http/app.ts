import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyPluginCallback,
} from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Service } from "../service.js";
import { MAX_TIMER_MS } from "../settings.js";
import type { ConnectionStateSettings } from "../telemetry/connection-states.js";
import { noStats, type Stats } from "../telemetry/stats.js";
import { type AccessTokens, requireTokens } from "./auth.js";
import { watchBodies } from "./bodies.js";
import { answer, answerErrors } from "./errors.js";
import { findingsRoutes } from "./findings.js";
import { graphRoutes } from "./graph.js";
import { graphsRoutes } from "./graphs.js";
import { healthRoutes } from "./health.js";
import { requireHost } from "./hosts.js";
import {
  defaultLimits,
  limitInFlight,
  limitRequests,
  type LimitSettings,
  refuseClient,
  serverOptions,
} from "./limits.js";
import { metricsRoutes, type MetricsOptions } from "./metrics.js";
import { describeApi } from "./openapi.js";
import { observeRequests, reportStates, RequestLog } from "./observe.js";
import { produceRoutes } from "./produce.js";
import { progressRoutes } from "./progress.js";
import { rememberQueries } from "./remember-queries.js";
import { watchEnds } from "./request-end.js";
import { requestId } from "./request-id.js";
import { servePage } from "./ui.js";

/** How long the answers to jobs that were aborted at the end of the shutdown timeout may take. */
const LAST_ANSWERS_MS = 1000;
/** How long a step of starting or stopping may take beyond the shutdown timeout before Fastify gives it up. */
const STEP_MARGIN_MS = 10_000;

export interface AppOptions {
  /** A logger with pino's interface. Without it, nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  /** A metrics client with hot-shots' interface. Without it, nothing is counted. The app doesn't close it. */
  readonly stats?: Stats;
  /** Names of the metrics of connection states. */
  readonly connectionStates?: ConnectionStateSettings;
  /** What GET /metrics answers. Without it, there is no such route. */
  readonly metrics?: MetricsOptions;
  /** Limits of requests and connections. */
  readonly limits?: LimitSettings;
  /** Your own Fastify plugins, registered before the routes, so that their hooks see every request. */
  readonly plugins?: readonly (FastifyPluginCallback | FastifyPluginAsync)[];
  /** Which tokens callers need. By default those of the service: the built-in one reads API_TOKENS and PRODUCE_TOKENS. */
  readonly access?: AccessTokens;
  /** Host names that requests can be for, besides those of this machine. Undefined: see `requireHost`. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** In the place of Fastify's compilers, which set themselves up at every start, with Ajv: zod's are set instead. */
function notUsed(): never {
  throw new Error("expected zod's compilers");
}

/**
 * The service over HTTP. `listen` starts the service and takes up jobs that were left behind; `close` stops it.
 */
export async function buildApp(
  service: Service & { readonly access?: AccessTokens },
  {
    logger,
    stats,
    connectionStates,
    metrics,
    limits = defaultLimits(),
    plugins = [],
    access = service.access ?? {},
    allowedHosts,
  }: AppOptions = {},
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    logController: new RequestLog(),
    genReqId: requestId,
    ...serverOptions,
    // Fastify bounds its preClose hooks by this too, and there running jobs are waited for.
    pluginTimeout: Math.min(service.settings.shutdownTimeoutMs + STEP_MARGIN_MS, MAX_TIMER_MS),
    trustProxy: limits.HTTP_TRUST_PROXY,
    clientErrorHandler: (error, socket) => refuseClient(app.log, error, socket),
    frameworkErrors: answer,
    // Those answers lack Retry-After: limitRequests gives them.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: false },
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: notUsed, buildSerializer: notUsed } },
  });
  service.observe({ ...(logger && { logger }), ...(stats && { stats }) });
  app.setValidatorCompiler(rememberQueries(validatorCompiler));
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  watchEnds(app);
  observeRequests(app, stats ?? noStats);
  limitRequests(app, limits);
  requireHost(app, { allowed: allowedHosts, open: access.api === undefined });
  requireTokens(app, access, service.loopbackToken);
  limitInFlight(app, limits);
  const breakBodiesOff = watchBodies(app);

  app.addHook("onReady", () => service.start());
  app.addHook("onListen", async () => {
    const address = app.server.address();
    if (address === null || typeof address === "string") throw new Error("expected to listen on a TCP port");
    service.listening({ host: address.address, port: address.port });
  });
  // Before the listener waits for requests in flight, since those may wait for jobs.
  app.addHook("preClose", async () => {
    // Whoever has not read an answer by the end of that time does not get the rest of it.
    const ms = service.settings.shutdownTimeoutMs + LAST_ANSWERS_MS;
    const timer = setTimeout(() => {
      breakBodiesOff();
      app.server.closeAllConnections();
    }, ms).unref();
    app.server.once("close", () => clearTimeout(timer));
    await service.stop();
  });

  if (stats !== undefined) reportStates(app, stats, () => service.load, connectionStates);

  for (const plugin of plugins) await app.register(plugin);
  await describeApi(app);
  await servePage(app);
  await app.register(healthRoutes(service));
  if (metrics !== undefined) await app.register(metricsRoutes(metrics));
  await app.register(graphRoutes(service));
  await app.register(findingsRoutes(service));
  await app.register(graphsRoutes(service));
  await app.register(progressRoutes(service, limits));
  await app.register(produceRoutes(service));
  return app;
}
