import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settings } from "../../src/compose/config.js";
import { distance, unknownVariables } from "../../src/compose/unknown-variables.js";

const known = Object.keys(settings);
const look = (env: Record<string, string>) => unknownVariables(env, known);

test("settings are known, all of them", () => {
  expect(look(Object.fromEntries(known.map((name) => [name, "x"])))).toEqual({ faults: [], ignored: [] });
});

describe("what resembles a token setting stops the start, and says which one is right", () => {
  test.for([
    ["API_TOKEN", "API_TOKENS"],
    ["APITOKENS", "API_TOKENS"],
    ["API_TOKEN_S", "API_TOKENS"],
    ["api_tokens", "API_TOKENS"],
    ["API__TOKENS", "API_TOKENS"],
    ["API-TOKENS", "API_TOKENS"],
    ["API_TOKNES", "API_TOKENS"],
    ["AIP_TOKEN", "API_TOKENS"],
    ["API_TOKENS_FILE", "API_TOKENS"],
    ["GRAPH_API_TOKENS", "API_TOKENS"],
    ["PRODUCE_TOKEN", "PRODUCE_TOKENS"],
    ["PRODUCER_TOKENS", "PRODUCE_TOKENS"],
    ["PRODUCER_TOKEN", "PRODUCE_TOKENS"],
    ["PROUDCE_TOKENS", "PRODUCE_TOKENS"],
    ["WORKER_PRODUCE_TOKENS", "PRODUCE_TOKENS"],
  ] as const)("%s: %s", ([name, right]) => {
    const { faults, ignored } = look({ [name]: "hush" });
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name}: .*expected ${right}\\.`))]);
    expect(faults.join()).not.toContain("hush");
    expect(ignored).toEqual([]);
  });

  test("a name that no shell takes is quoted", () => {
    expect(look({ "API_TOKENS\n": "x" }).faults).toEqual([expect.stringMatching(/^"API_TOKENS\\n": /)]);
  });

  test.for([
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "AWS_SESSION_TOKENS",
    "ID_TOKEN",
    "CI_JOB_TOKEN",
    "API_KEY",
    "TOKENS",
  ])("%s is somebody else's", (name) => {
    expect(look({ [name]: "x" })).toEqual({ faults: [], ignored: [] });
  });
});

describe("what nobody knows of our families is told, with the nearest setting", () => {
  test.for([
    ["GRAPH_MAX_WINDOWS", "GRAPH_MAX_WINDOW"],
    ["graph_max_window", "GRAPH_MAX_WINDOW"],
    ["GRAPH_STORAGE_BUCKETS", "GRAPH_STORAGE_BUCKET"],
    ["DIGESTER_ENDPOINTS", "DIGESTER_ENDPOINT"],
    ["DIGEST_MAX_BYTE", "DIGEST_MAX_BYTES"],
    ["FLOW_LOGS_REGIONS", "FLOW_LOG_REGIONS"],
    ["WORKER_CONCURENCY", "WORKER_CONCURRENCY"],
    ["HTTP_MAX_REQUEST", "HTTP_MAX_REQUESTS"],
    ["RUNTIME_LOG_LEVEL", "RUNTIME_LOGGER_LEVEL"],
    ["STREAM_ENDPOINT", "STREAM_APPLIANCE_ENDPOINT"],
    ["DIGEST_ENDPOINT", "DIGESTER_ENDPOINT"],
    // Misspelt where the family is.
    ["DIGSTER_ENDPOINT", "DIGESTER_ENDPOINT"],
    ["GRPAH_STORAGE_BUCKET", "GRAPH_STORAGE_BUCKET"],
    ["FLOWLOG_ROLE_ARN", "FLOW_LOG_ROLE_ARN"],
  ] as const)("%s: %s", ([name, nearest]) => {
    expect(look({ [name]: "x" })).toEqual({
      faults: [],
      ignored: [{ name, reason: `there is no such setting; the nearest is ${nearest}` }],
    });
  });

  test.for(["VIEW_X", "NAMES_", "FINDINGS_X", "SQS_X", "PRODUCE_X"])("%s", (name) => {
    expect(look({ [name]: "x" }).ignored).toMatchObject([{ name }]);
  });

  test.for([
    ["RUNTIME_EXPVAR_NUMGC", "grapherd.process"],
    ["DIGEST_STORAGE_BUCKET", "vpcflow-digesterd"],
    ["DIGEST_PROGRESS_TIMEOUT", "vpcflow-digesterd"],
    ["STREAM_APPLIANCE_TOPIC", "STREAM_APPLIANCE_ENDPOINT=http://bus/topic/event"],
  ] as const)("%s was a setting of the Go services", ([name, word]) => {
    expect(look({ [name]: "x" }).ignored).toEqual([{ name, reason: expect.stringContaining(word) }]);
  });
});

test("nothing is said of what is empty, or means something to others", () => {
  const env = {
    GRAPH_MAX_WINDOWS: "",
    API_TOKEN: "",
    PATH: "/bin",
    HOME: "/",
    PROT: "1",
    HTTP_PROXY: "http://proxy",
    http_proxy: "http://proxy",
    HTTPS_PROXY: "http://proxy",
    NO_PROXY: "localhost",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_SNS: "http://localhost",
    // Of services that are called "graph-worker" and "worker", to pods of Kubernetes.
    GRAPH_WORKER_SERVICE_HOST: "10.0.0.1",
    GRAPH_WORKER_SERVICE_PORT_HTTP: "80",
    GRAPH_WORKER_PORT: "tcp://10.0.0.1:80",
    WORKER_PORT_80_TCP_ADDR: "10.0.0.1",
  };
  expect(look(env)).toEqual({ faults: [], ignored: [] });
});

describe("the distance of two words", () => {
  test.for([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "abd", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["apitoken", "apitokens", 1],
  ] as const)("%j and %j: %i", ([a, b, edits]) => {
    expect([distance(a, b), distance(b, a)]).toEqual([edits, edits]);
  });

  test("is no more than the edits that were made", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 });
    const edits = fc.array(
      fc.record({
        at: fc.nat(12),
        how: fc.constantFrom("put", "take", "swap"),
        letter: fc.constantFrom("a", "x"),
      }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(word, edits, (original, made) => {
        const edited = made.reduce((text, { at, how, letter }) => {
          const [head, tail] = [text.slice(0, at), text.slice(at)];
          if (how === "put") return head + letter + tail;
          return how === "take" ? head + tail.slice(1) : head + letter + tail.slice(1);
        }, original);
        expect(distance(original, edited)).toBeLessThanOrEqual(made.length);
        expect(distance(original, edited) === 0).toBe(original === edited);
      }),
    );
  });
});
