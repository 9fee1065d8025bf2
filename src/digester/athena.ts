import { z } from "zod";
import { scheme } from "../scheme.js";
import { s3Settings } from "../s3/settings.js";
import {
  athenaSettings,
  athenaSourceOptions,
  noFilesAreChosen,
  outputIsSet,
} from "./flow-logs/athena/settings.js";
import { bucketSettings, S3_SETTLE_MS } from "./flow-logs/bucket-settings.js";
import { flowLogOptions, flowLogSettings } from "./flow-logs/settings.js";
import { ThreadedDigester } from "./in-thread/threaded-digester.js";

const expected = '"athena://catalog/database/table"';

/** What a name has that a URL can't is percent-encoded, such as the slash in a catalog of S3 Tables. */
const place = z.string().transform((text, context) => {
  const parts = /^athena:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(text)?.slice(1);
  const [catalog, database, name] = parts?.map(decoded) ?? [];
  if (catalog === undefined || database === undefined || name === undefined) {
    context.addIssue(`expected ${expected}`);
    return z.NEVER;
  }
  return { catalog, database, name };
});

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Flow logs in a table of Athena, which sums them up. */
export const athenaEndpoint = scheme({
  pattern: /^athena:/,
  expected,
  place,
  settings: { ...flowLogSettings, ...s3Settings, ...bucketSettings, ...athenaSettings },
  rules: [outputIsSet, noFilesAreChosen],
  create: (table, config) =>
    new ThreadedDigester({
      place: {
        kind: "athena",
        options: { ...athenaSourceOptions(config), table, addresses: config.FLOW_LOG_ADDRESSES },
      },
      options: { prefetch: config.FLOW_LOG_PREFETCH, ...flowLogOptions(config, S3_SETTLE_MS) },
    }),
});
