import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import { z } from "zod";
import { masker } from "../redact.js";
import { serializeError } from "./serialize-error.js";
import { standardOutput } from "./standard-output.js";

/** What the service needs of a logger: pino's interface, so that a library user may bring their own. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error">;

export const logSettings = {
  RUNTIME_LOGGER_OUTPUT: z
    .enum(["STDOUT", "NULL"], 'expected "STDOUT" or "NULL"')
    .default("STDOUT")
    .describe("where log lines go: `STDOUT`, or `NULL` for nowhere"),
  RUNTIME_LOGGER_LEVEL: z
    .string()
    .transform((text) => text.toUpperCase())
    .pipe(z.enum(["DEBUG", "INFO", "WARN", "ERROR"], 'expected "DEBUG", "INFO", "WARN" or "ERROR"'))
    .default("INFO")
    .describe("lowest level that is logged: `DEBUG`, `INFO`, `WARN` or `ERROR`"),
};
export type LogSettings = z.infer<z.ZodObject<typeof logSettings>>;

export interface LogOptions {
  /** Masked wherever they turn up in a line, such as in a message of a dependency that quotes what it was sent. */
  readonly secrets?: readonly string[];
  /** Where lines go; stdout unless given. */
  readonly destination?: DestinationStream | undefined;
}

/** JSON lines, one an event, with the event's name as `message`. */
export function createLogger(
  settings: LogSettings,
  { secrets = [], destination = standardOutput() }: LogOptions = {},
): PinoLogger {
  // As they look within a JSON string.
  const mask = masker(secrets.map((secret) => JSON.stringify(secret).slice(1, -1)));
  return pino(
    {
      messageKey: "message",
      errorKey: "error",
      base: null,
      enabled: settings.RUNTIME_LOGGER_OUTPUT !== "NULL",
      level: settings.RUNTIME_LOGGER_LEVEL.toLowerCase(),
      formatters: { level: (label) => ({ level: label }) },
      timestamp: isoTime(),
      // `err` is what Fastify and its plugins call an error.
      serializers: { error: serializeError, err: serializeError },
      hooks: { streamWrite: mask },
    },
    destination,
  );
}

/** As pino writes it, once for all lines of a millisecond: to write it takes half as long as a line. */
function isoTime(): () => string {
  let last = Number.NaN;
  let written = "";
  return () => {
    const now = Date.now();
    if (now !== last) written = `,"time":"${new Date(now).toISOString()}"`;
    last = now;
    return written;
  };
}

/** A logger that keeps everything to itself. */
export const silent: Logger = pino({ enabled: false });
