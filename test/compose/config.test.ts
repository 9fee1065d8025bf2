import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BuiltInService } from "../../src/compose/built-in-service.js";
import { ConfigError, configWarnings, loadConfig, settings } from "../../src/compose/config.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { boolean, duration, integer, isSecret, timerDuration } from "../../src/settings.js";
import { MemoryStorage } from "../../src/storage/memory.js";

function faults(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test("a setting whose name speaks of a secret is declared as one, and no others", () => {
  const named = /SECRET|WEBHOOK|TOKEN|ACCESS_KEY|EXTERNAL_ID|PASSW|CREDENTIALS?$|AUTH/;
  for (const [name, setting] of Object.entries(settings)) {
    expect([name, isSecret(setting)]).toEqual([name, named.test(name)]);
  }
});

describe("loadConfig", () => {
  test("without anything: the defaults", () => {
    expect(loadConfig({})).toMatchObject({
      PORT: 8080,
      RUNTIME_SHUTDOWN_TIMEOUT: 30_000,
      GRAPH_PROGRESS_TIMEOUT: 60_000,
      GRAPH_DATA_DIR: "./data",
      GRAPH_MAX_WINDOW: 744 * 3_600_000,
      DIGESTER_ENDPOINT: { place: "./flow-logs" },
      DIGESTER_POLLING_INTERVAL: 1000,
      DIGESTER_POLLING_TIMEOUT: 600_000,
      DIGEST_MAX_BYTES: 8_589_934_592,
      WORKER_CONCURRENCY: 2,
      WORKER_QUEUE_LIMIT: 1000,
      WORKER_RETRIES: 3,
      WORKER_RETRY_DELAY: 1000,
      RUNTIME_LOGGER_OUTPUT: "STDOUT",
      RUNTIME_LOGGER_LEVEL: "INFO",
      RUNTIME_SIGNALS_INSTALLED: "OS",
      RUNTIME_SIGNALS_OS_SIGNALS: ["SIGTERM", "SIGINT"],
    });
  });

  test("an empty variable is an unset one", () => {
    expect(loadConfig({ PORT: "", RUNTIME_HTTPSERVER_ADDRESS: "", GRAPH_MAX_WINDOW: "" })).toEqual(
      loadConfig({}),
    );
  });

  test.for([
    ["PORT", "65536"],
    ["RUNTIME_HTTPSERVER_ADDRESS", "8080"],
    ["RUNTIME_SHUTDOWN_TIMEOUT", "30"],
    ["RUNTIME_SHUTDOWN_TIMEOUT", "597h"],
    ["GRAPH_PROGRESS_TIMEOUT", "10s"],
    ["GRAPH_PROGRESS_TIMEOUT", "2147483648"],
    ["GRAPH_MAX_WINDOW", "59s"],
    ["GRAPH_MAX_WINDOW", "-1h"],
    ["DIGESTER_ENDPOINT", "ftp://a"],
    ["DIGESTER_POLLING_INTERVAL", "often"],
    ["DIGESTER_POLLING_TIMEOUT", "-2"],
    ["DIGEST_MAX_BYTES", "8GB"],
    ["STREAM_APPLIANCE_ENDPOINT", "bus"],
    ["WORKER_CONCURRENCY", "0"],
    ["WORKER_QUEUE_LIMIT", "-1"],
    ["WORKER_RETRIES", "1.5"],
    ["WORKER_RETRY_DELAY", "1 s"],
    ["SQS_RETRY_DELAY", "0s"],
    ["SQS_RETRY_DELAY", "13h"],
    ["RUNTIME_LOGGER_OUTPUT", "FILE"],
    ["RUNTIME_LOGGER_LEVEL", "LOUD"],
    ["RUNTIME_SIGNALS_INSTALLED", "NONE"],
    ["RUNTIME_SIGNALS_OS_SIGNALS", "TERM"],
    ["RUNTIME_SIGNALS_OS_SIGNALS", "15 19"],
  ] as const)("%s=%s is a fault, which says what was expected", ([name, value]) => {
    expect(faults({ [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${name}: expected .*, got ${JSON.stringify(value)}$`)),
    ]);
  });

  test("lists every fault at once", () => {
    const env = { PORT: "x", GRAPH_MAX_WINDOW: "x", WORKER_RETRIES: "x" };
    expect(faults(env).map((fault) => fault.split(":")[0])).toEqual(Object.keys(env));
  });

  test.for([
    ["API_TOKENS", "hush hush"],
    ["STREAM_APPLIANCE_ENDPOINT", "http://me:hush@bus/"],
    ["STREAM_APPLIANCE_ENDPOINT", "http://hush@bus/"],
    ["STREAM_APPLIANCE_ENDPOINT", "me:hush@bus:8080"],
    ["STREAM_APPLIANCE_ENDPOINT", "ftp://bus/?token=hush"],
    ["DIGESTER_ENDPOINT", "ftp://me:no/t@hush@digester"],
    ["DIGESTER_ENDPOINT", "digester?hush"],
    ["AWS_ENDPOINT_URL_S3", "s3://hush@store#hush"],
  ] as const)("shows no secrets: %s=%s", ([name, value]) => {
    expect(faults({ [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${name}: expected (?!.*hush)`)),
    ]);
  });

  test("numbers that the Go service took are taken as the least that makes sense", () => {
    for (const few of ["999", "0", "-1"]) {
      expect(loadConfig({ GRAPH_PROGRESS_TIMEOUT: few }).GRAPH_PROGRESS_TIMEOUT).toBe(1000);
      expect(loadConfig({ DIGESTER_POLLING_INTERVAL: few === "999" ? "0" : few })).toMatchObject({
        DIGESTER_POLLING_INTERVAL: 1,
      });
    }
  });

  test("a variable that resembles a token setting is a fault among the others", () => {
    expect(faults({ API_TOKEN: "hush", PORT: "x" })).toEqual([
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^API_TOKEN: there is no such setting.*: expected API_TOKENS\./),
    ]);
    expect(faults({ API_TOKEN: "" })).toEqual([]);
  });

  test("the same holds for a Service of the library, which can be given an environment of its own", () => {
    const modules = { storage: new MemoryStorage(), marker: new MemoryMarker() };
    expect(() => new BuiltInService(modules, { API_TOKEN: "hush" })).toThrow(ConfigError);
    expect(new BuiltInService(modules, { API_TOKENS: "hush", GRAPH_OF_MINE: "x" }).access.api).toEqual([
      "hush",
    ]);
  });

  test("the variables of a module that is given are not read", () => {
    const env = { DIGESTER_ENDPOINT: "x", FLOW_LOG_FORMAT: "x", STREAM_APPLIANCE_ENDPOINT: "x" };
    expect(() => loadConfig(env, new Set(["digester", "queuer"]))).not.toThrow();
    expect(() => loadConfig(env, new Set(["digester"]))).toThrow(/^the environment has 1 fault:\n  STREAM/);
  });

  test("a variable of two modules is read while one needs it", () => {
    const env = { GRAPH_DATA_DIR: "/elsewhere" };
    expect(loadConfig(env, new Set(["storage"])).GRAPH_DATA_DIR).toBe("/elsewhere");
    expect(loadConfig(env, new Set(["storage", "marker"])).GRAPH_DATA_DIR).toBe("./data");
  });
});

const warnings = (env: Record<string, string>) => configWarnings(loadConfig(env), env);

describe("configWarnings", () => {
  test("there are none about what is right", () => {
    expect(warnings({})).toEqual([]);
    expect(
      warnings({ GRAPH_PROGRESS_TIMEOUT: "1000", DIGESTER_POLLING_TIMEOUT: "-1", GRAPH_MAX_WINDOW: "1h" }),
    ).toEqual([]);
  });

  test("name what does nothing, and what was taken as something else", () => {
    const env = {
      GRAPH_MAX_WINDOWS: "secret",
      RUNTIME_EXPVAR_ALLOC: "a",
      RUNTIME_EXPVAR_FREES: "b",
      GRAPH_PROGRESS_TIMEOUT: "10",
      DIGESTER_POLLING_INTERVAL: "0",
    };
    expect(warnings(env)).toEqual([
      {
        event: "variables-ignored",
        variables: ["GRAPH_MAX_WINDOWS"],
        reason: "there is no such setting; the nearest is GRAPH_MAX_WINDOW",
      },
      {
        event: "variables-ignored",
        variables: ["RUNTIME_EXPVAR_ALLOC", "RUNTIME_EXPVAR_FREES"],
        reason: expect.stringContaining("Go's runtime"),
      },
      {
        event: "variable-adjusted",
        variables: ["GRAPH_PROGRESS_TIMEOUT"],
        reason: "10 is too small: the service uses 1000",
      },
      {
        event: "variable-adjusted",
        variables: ["DIGESTER_POLLING_INTERVAL"],
        reason: "0 is too small: the service uses 1",
      },
    ]);
  });
});

describe("durations, as Go writes them", () => {
  const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };

  test("any number of amounts with a unit are their sum", () => {
    const part = fc.tuple(
      fc.nat(9999),
      fc.constantFrom("", ".5", ".25"),
      fc.constantFrom("h", "m", "s", "ms", "us", "µs", "ns"),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const text = parts.map(([whole, fraction, unit]) => `${whole}${fraction}${unit}`).join("");
        const ms = parts.reduce(
          (sum, [whole, fraction, unit]) => sum + (whole + Number(fraction || 0)) * UNITS[unit],
          0,
        );
        expect(duration.parse(text)).toBeCloseTo(ms, 5);
      }),
    );
  });

  test("nothing else is one", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(?:(?:\d+(?:\.\d+)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text) && text !== "0");
        expect(duration.safeParse(text).success).toBe(false);
      }),
    );
  });

  test.for(["0", "1.5h", "1m30s", ".5s"])("%s", (text) => {
    expect(duration.safeParse(text).success).toBe(true);
  });

  test("a timer's is not longer than timers count", () => {
    expect(timerDuration.safeParse("596h").success).toBe(true);
    expect(timerDuration.safeParse("596h1ms").success).toBe(false);
  });
});

test("whole numbers within their bounds, and no others", () => {
  const setting = z.object({ n: integer(-5, 5) });
  fc.assert(
    fc.property(fc.integer(), (n) => setting.safeParse({ n: `${n}` }).success === (n >= -5 && n <= 5)),
  );
  for (const n of ["", " 1", "1.0", "1e0", "0x1", "+1", "١"])
    expect(setting.safeParse({ n }).success).toBe(false);
});

test.for([
  ["true", true],
  ["T", true],
  ["1", true],
  ["False", false],
  ["0", false],
  ["yes", undefined],
] as const)("the boolean %s is %s", ([text, value]) => {
  expect(boolean.safeParse(text).data).toBe(value);
});
