#!/usr/bin/env node
import { Service } from "./built-in.js";
import { ConfigError, ignoredVariables, loadConfig } from "./config.js";
import { buildApp } from "./http/app.js";
import { listenAddress } from "./http/settings.js";
import { createLogger } from "./telemetry/log.js";

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger(config);
  const ignored = ignoredVariables(process.env);
  if (ignored.length > 0) logger.warn({ variables: ignored }, "variables-ignored");

  const app = await buildApp(new Service(), { logger });
  let stopping = false;
  const stop = (signal: NodeJS.Signals, number: number) => {
    if (stopping) process.exit(128 + number);
    stopping = true;
    logger.info({ signal }, "stopping");
    app
      .close()
      .then(() => logger.info("stopped"))
      .catch((error: unknown) => {
        logger.error({ error, reason: "the process did not stop as it should" }, "unknown-failure");
        process.exitCode = 1;
      });
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);

  const url = await app.listen(listenAddress(config));
  logger.info({ url }, "listening");
}

try {
  await main();
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`vpcflow-grapherd: ${error instanceof ConfigError ? message : (stack ?? message)}\n`);
  process.exitCode = 1;
}
