import { fileURLToPath } from "node:url";
import { z } from "zod";
import { scheme } from "../scheme.js";
import { flowLogOptions, flowLogSettings } from "./flow-logs/settings.js";
import { ThreadedDigester } from "./in-thread/threaded-digester.js";

const expected = '"file:path"';

const place = z.string().transform((text, context) => {
  if (text.startsWith("file:///")) return fileURLToPath(text);
  if (/^file:(?!\/\/)./.test(text)) return text.slice("file:".length);
  context.addIssue(`expected ${expected}`);
  return z.NEVER;
});

/** Flow logs in a directory, digested in a thread of the process. */
export const fileEndpoint = scheme({
  pattern: /^file:/,
  expected,
  place,
  settings: flowLogSettings,
  create: (path, config) =>
    new ThreadedDigester({ place: { kind: "directory", path }, options: flowLogOptions(config) }),
});
