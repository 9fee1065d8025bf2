import type { Dispatcher } from "undici";
import { type Config, loadConfig, MODULE_NAMES } from "./config.js";
import type { Deliverer } from "../deliverer.js";
import { createDeliverers } from "../deliver/index.js";
import { createDigester } from "../digester/index.js";
import { type AccessTokens, accessTokens } from "../http/auth.js";
import { createMarker } from "../marker/index.js";
import { createQueuer } from "../queuer/index.js";
import { type Modules, Service } from "../service.js";
import { toServiceSettings } from "../service-settings.js";
import { createStorage } from "../storage/index.js";
import { webhookOf } from "../webhook.js";

export interface ServiceOptions extends Partial<Modules> {
  /** undici clients, used as they are, with their own retries and limits. The service doesn't close them. */
  readonly queuerHttpClient?: Dispatcher;
  readonly digesterHttpClient?: Dispatcher;
  /** They bring jobs by other ways than HTTP. */
  readonly deliverers?: readonly Deliverer[];
}

/** The built-in module in every place where none is given. */
export function createModules(options: ServiceOptions, config: Config): Modules {
  const staleMs = config.GRAPH_PROGRESS_TIMEOUT;
  return {
    storage: options.storage ?? createStorage(config, { staleMs }),
    marker: options.marker ?? createMarker(config, { staleMs }),
    queuer: options.queuer ?? createQueuer(config, { client: options.queuerHttpClient }),
    digester:
      options.digester ??
      createDigester(config, { maxBytes: config.DIGEST_MAX_BYTES, client: options.digesterHttpClient }),
  };
}

/** Those who bring jobs besides HTTP: the built-in one for the queue that is set, and those that are given. */
export function deliverersOf({ queuer, deliverers = [] }: ServiceOptions, config: Config): Deliverer[] {
  const builtIn =
    queuer === undefined
      ? createDeliverers(config, {
          slots: config.WORKER_CONCURRENCY,
          progressTimeoutMs: config.GRAPH_PROGRESS_TIMEOUT,
        })
      : [];
  return [...builtIn, ...deliverers];
}

/**
 * The Service of the library. Modules that you don't give are built in and take their settings from the environment. The variables of
 * modules that you give are not read.
 */
export class BuiltInService extends Service {
  /** API_TOKENS and PRODUCE_TOKENS: `buildApp` requires them, unless you give it others. */
  readonly access: AccessTokens;

  /** @throws ConfigError that lists every fault of the environment */
  constructor(options: ServiceOptions = {}, env: NodeJS.ProcessEnv = process.env) {
    const config = loadConfig(env, new Set(MODULE_NAMES.filter((name) => options[name] !== undefined)));
    const deliverers = deliverersOf(options, config);
    super(createModules(options, config), toServiceSettings(config), deliverers, webhookOf(config));
    this.access = accessTokens(config);
  }
}
