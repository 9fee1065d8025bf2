#!/usr/bin/env node
import { createModules, deliverersOf } from "./compose/built-in-service.js";
import { ConfigError, configWarnings, loadConfig, secretsIn } from "./compose/config.js";
import { DependencyError } from "./errors.js";
import { buildApp } from "./http/app.js";
import { accessTokens } from "./http/auth.js";
import { listenAddress } from "./http/settings.js";
import { masker } from "./redact.js";
import { Service } from "./service.js";
import { toServiceSettings } from "./service-settings.js";
import { createStats } from "./telemetry/stats-output.js";
import { createLogger, type Logger } from "./telemetry/log.js";
import { prettyDestination } from "./telemetry/pretty.js";
import { webhookOf } from "./webhook.js";

/** How long the rest of a stop may take once the running jobs have had their time. */
const STOP_MARGIN_MS = 10_000;
/** How long the process may outlive a stop. */
const EXIT_MS = 1000;

/**
 * Connections that the kernel takes ahead of a process that is busy; Linux allows 4096 itself. With Node's 511, callers of a
 * larger burst are reset.
 */
const BACKLOG = 4096;

async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config, {
    secrets: secretsIn(),
    destination: await prettyDestination(),
  });
  // Node then says on stderr what it was, and ends the process with code 1: nobody knows what state it is in.
  process.on("uncaughtExceptionMonitor", (error) => {
    logger.error({ error, reason: error.message }, "unknown-failure");
  });
  for (const { event, ...fields } of configWarnings(config)) logger.warn(fields, event);

  const service = new Service(
    createModules({}, config),
    toServiceSettings(config),
    deliverersOf({}, config),
    webhookOf(config),
  );
  const statsOutput = await createStats(config, logger);
  const { stats, exposition } = statsOutput;
  const app = await buildApp(service, {
    logger,
    stats,
    ...(exposition && { metrics: { ...exposition, open: config.RUNTIME_STATS_PROMETHEUS_OPEN } }),
    connectionStates: config,
    limits: config,
    access: accessTokens(config),
    allowedHosts: config.HTTP_ALLOWED_HOSTS,
  });
  const close = async () => {
    try {
      await app.close();
    } finally {
      // After the app, which counts while it closes.
      await statsOutput.close?.();
    }
  };
  let stopping: Promise<void> | undefined;
  for (const signal of config.RUNTIME_SIGNALS_OS_SIGNALS) {
    process.on(signal, (_: NodeJS.Signals, number: number) => {
      if (stopping !== undefined) process.exit(128 + number);
      logger.info({ signal }, "stopping");
      stopping = stop(close, logger, config.RUNTIME_SHUTDOWN_TIMEOUT + STOP_MARGIN_MS);
    });
  }
  try {
    const url = await app.listen({ ...listenAddress(config), backlog: BACKLOG });
    logger.info({ url }, "listening");
  } catch (error) {
    // A signal came before it listened.
    if (stopping !== undefined) return;
    await close();
    throw error;
  }
}

async function stop(close: () => Promise<void>, logger: Logger, deadlineMs: number): Promise<void> {
  // A dependency that heeds no abort must not keep the process; its claims lapse.
  setTimeout(() => {
    logger.error({ reason: `the process did not stop within ${deadlineMs} ms` }, "unknown-failure");
    process.exit(1);
  }, deadlineMs).unref();
  try {
    await close();
    logger.info("stopped");
  } catch (error) {
    logger.error({ error, reason: "the process did not stop properly" }, "unknown-failure");
    process.exitCode = 1;
  }
  exitSoon();
}

/**
 * Nothing of ours is left. What may be isn't waited for: the look-up of a name that nobody answers, log lines that nobody
 * reads.
 */
function exitSoon(): void {
  setTimeout(() => process.exit(), EXIT_MS).unref();
}

/** What the user can act on, in one message; the stack of anything else, which is a defect. */
function messageFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof ConfigError || error instanceof DependencyError || "syscall" in error;
  return expected ? error.message : (error.stack ?? error.message);
}

try {
  await main();
} catch (error) {
  const mask = masker(secretsIn());
  process.stderr.write(`vpcflow-grapherd: ${mask(messageFor(error))}\n`);
  process.exitCode = 1;
  exitSoon();
}
