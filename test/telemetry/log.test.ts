import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DependencyError } from "../../src/errors.js";
import { createLogger, type LogOptions } from "../../src/telemetry/log.js";

/** What a logger writes, as it is written. */
function logged(write: (log: ReturnType<typeof createLogger>) => void, options: LogOptions = {}): string {
  let text = "";
  const destination = { write: (line: string) => (text += line) };
  const settings = { RUNTIME_LOGGER_OUTPUT: "STDOUT", RUNTIME_LOGGER_LEVEL: "INFO" } as const;
  write(createLogger(settings, { ...options, destination }));
  return text;
}

describe("a line", () => {
  test("is one JSON object, with the event's name as its message", () => {
    const text = logged((log) => log.warn({ reason: "why" }, "an-event"));
    expect(JSON.parse(text)).toEqual({
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      message: "an-event",
      reason: "why",
    });
    expect(text.endsWith("}\n")).toBe(true);
  });

  test("stays one line, and says what it was told, whatever that is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (reason) => {
        const text = logged((log) => log.info({ reason }, "an-event"));
        expect(text.slice(0, -1)).not.toMatch(/[\n\r]/);
        expect(JSON.parse(text)).toMatchObject({ reason });
      }),
    );
  });

  test("isn't written below the level, or at all when the output is NULL", () => {
    expect(logged((log) => log.debug("an-event"))).toBe("");
    let text = "";
    const destination = { write: (line: string) => (text += line) };
    createLogger({ RUNTIME_LOGGER_OUTPUT: "NULL", RUNTIME_LOGGER_LEVEL: "DEBUG" }, { destination }).error(
      "x",
    );
    expect(text).toBe("");
  });
});

describe("an error", () => {
  test("comes with its causes", () => {
    const cause = new AggregateError([new Error("first"), new Error("second")], "both");
    const error = new DependencyError("storage", "no answer", { cause });
    const { error: seen } = JSON.parse(logged((log) => log.error({ error }, "an-event")));
    expect(seen).toMatchObject({
      type: "DependencyError",
      message: "no answer",
      stack: expect.stringContaining("DependencyError: no answer"),
      cause: { type: "AggregateError", errors: [{ message: "first" }, { message: "second" }] },
    });
  });

  test("comes without what client libraries hang on it", () => {
    const error = Object.assign(new Error("refused"), {
      code: "ECONNREFUSED",
      headers: { authorization: "Bearer hidden" },
      $metadata: { requestId: "hidden" },
    });
    for (const name of ["error", "err"]) {
      const text = logged((log) => log.error({ [name]: error }, "an-event"));
      expect(JSON.parse(text)[name]).toMatchObject({ message: "refused", code: "ECONNREFUSED" });
      expect(text).not.toContain("hidden");
    }
  });

  test("is bounded, also when it is its own cause", () => {
    const error = new Error("x".repeat(1_000_000));
    error.cause = error;
    expect(logged((log) => log.error({ error }, "an-event")).length).toBeLessThan(100_000);
  });

  test("may be anything that was thrown", () => {
    const { error } = JSON.parse(logged((log) => log.error({ error: "a string" }, "an-event")));
    expect(error).toEqual({ type: "string", message: "a string" });
  });
});

describe("what is masked", () => {
  test("known secrets, whatever characters they have", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 6 }), (secret) => {
        fc.pre(!"an-event".includes(secret));
        const text = logged((log) => log.info({ reason: `refused <${secret}>` }, "an-event"), {
          secrets: [secret],
        });
        expect(JSON.parse(text)).toMatchObject({ reason: "refused <***>" });
      }),
    );
  });

  test("not what is too short to be one", () => {
    const text = logged((log) => log.info({ reason: "a, b, c" }, "an-event"), { secrets: ["", "a"] });
    expect(JSON.parse(text)).toMatchObject({ reason: "a, b, c" });
  });

  test("passwords in URLs, and nothing else of them", () => {
    const reason = "GET https://user:pass@host/a@b and http://host/c@d";
    const text = logged((log) => log.info({ reason }, "an-event"));
    expect(JSON.parse(text)).toMatchObject({ reason: "GET https://***@host/a@b and http://host/c@d" });
  });
});
