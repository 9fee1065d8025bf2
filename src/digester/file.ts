import { fileURLToPath } from "node:url";
import { z } from "zod";
import { scheme } from "../scheme.js";
import { DirectorySource } from "./flow-logs/directory.js";
import { FlowLogDigester } from "./flow-logs/flow-log-digester.js";
import { flowLogOptions, flowLogSettings } from "./flow-logs/settings.js";

const expected = '"file:path"';

const place = z.string().transform((text, context) => {
  if (text.startsWith("file:///")) return fileURLToPath(text);
  if (/^file:(?!\/\/)./.test(text)) return text.slice("file:".length);
  context.addIssue(`expected ${expected}`);
  return z.NEVER;
});

/** Flow logs in a directory, digested in process. */
export const fileEndpoint = scheme({
  pattern: /^file:/,
  expected,
  place,
  settings: flowLogSettings,
  create: (path, config) =>
    new FlowLogDigester({ source: new DirectorySource(path), ...flowLogOptions(config) }),
});
