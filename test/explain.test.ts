import { expect, test } from "vitest";
import { CorruptInputError, DependencyError, type Obstacle } from "../src/errors.js";
import { explain } from "../src/explain.js";

const failure = (dependency: "digester" | "storage", obstacle?: Obstacle) =>
  new DependencyError(dependency, "GetObject s3://secret/key", { obstacle });

test.for([
  [
    new CorruptInputError("line 3"),
    "its flow logs are malformed or incomplete: ask again when they have been repaired",
  ],
  [
    new CorruptInputError("line 3", { tooLarge: true }),
    "its flow logs are larger than DIGEST_MAX_BYTES allows",
  ],
  [failure("digester", "archive"), "its flow logs are archived: ask again when they have been restored"],
  [failure("digester", "access"), "this service has no access to the flow logs"],
  [failure("digester", "settings"), "this service finds no flow logs where DIGESTER_ENDPOINT points"],
  [failure("storage", "access"), "this service has no access to the storage"],
  [failure("storage", "settings"), "the settings of the storage are wrong"],
  [new DependencyError("storage", "secret", { transient: false }), "the settings of the storage are wrong"],
  [new TypeError("secret"), "an unexpected failure"],
] as const)("what lasts says who can mend it, and never to ask again later: %s", ([error, reason]) => {
  expect(explain(error)).toContain(reason);
  expect(explain(error)).not.toMatch(/later|secret|line 3/);
});

test.for([
  [failure("digester"), "the digester failed; ask again later"],
  [
    new DependencyError("marker", "secret", { timedOut: true }),
    "the marker did not answer in time; ask again later",
  ],
] as const)("what may pass says so: %s", ([error, reason]) => {
  expect(explain(error)).toBe(reason);
});
