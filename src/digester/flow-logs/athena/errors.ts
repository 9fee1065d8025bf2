import { access, type Advice, awsError, settings } from "../../../aws/errors.js";
import { CorruptInputError, DependencyError, type Obstacle } from "../../../errors.js";

/** Where a call of Athena's interface was made, for messages. */
export interface AthenaCall {
  /** `StartQueryExecution in the workgroup primary`. */
  readonly action: string;
  /** Where the credentials come from. */
  readonly source: string;
}

const REFUSED_CREDENTIALS = new Set([
  "ExpiredTokenException",
  "InvalidSignatureException",
  "UnrecognizedClientException",
]);

/** The error for whatever a call of Athena's interface threw. */
export function callError(error: unknown, { action, source }: AthenaCall): DependencyError {
  return awsError(error, { dependency: "digester", action, source }, (thrown) => lastingOf(thrown, source));
}

function lastingOf({ name, message }: Error, source: string): Advice | undefined {
  if (message === "Region is missing") {
    return settings("the region of Athena is not known: set FLOW_LOG_ATHENA_REGION or AWS_REGION");
  }
  if (REFUSED_CREDENTIALS.has(name)) {
    return access(`Athena refused the credentials (${name}), which came from ${source}`);
  }
  if (name.startsWith("AccessDenied") || DENIED.test(message)) {
    return access(`denied to the credentials from ${source}: ${message}`);
  }
  if (name === "MetadataException" || name === "InvalidRequestException") {
    return settings(
      `${message} (${name}). DIGESTER_ENDPOINT, FLOW_LOG_ATHENA_OUTPUT and FLOW_LOG_ATHENA_WORKGROUP say what is asked for`,
    );
  }
  return undefined;
}

/** How a query ended that didn't succeed. */
export interface FailedQuery {
  readonly id: string;
  readonly state: string;
  /** Athena's words. */
  readonly reason: string;
  /** 1: the system's fault, 2: the user's, 3: another's. https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
  readonly category?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly scannedBytes: number;
}

const DENIED = /access ?denied|not authorized|insufficient (?:lake formation )?permission/i;

interface Known {
  readonly reason: RegExp;
  /** Undefined: it may pass by itself. */
  readonly obstacle: Obstacle | undefined;
  readonly advice: string;
}

/** What Athena says of queries that fail, and what to do; the first that fits. */
const KNOWN: readonly Known[] = [
  {
    reason: /bytes scanned limit/i,
    obstacle: "settings",
    advice:
      "raise the workgroup's limit of bytes scanned by a query, ask for a shorter window or for fewer accounts, regions or VPCs, or partition the table by date",
  },
  {
    reason: DENIED,
    obstacle: "access",
    advice: "grant the service's role the table in the data catalog, its files, and FLOW_LOG_ATHENA_OUTPUT",
  },
  {
    reason: /storage class|InvalidObjectState|glacier/i,
    obstacle: "archive",
    advice: "restore the archived files (aws s3api restore-object), or let the table leave them out",
  },
  {
    reason: /exhausted resources|EXCEEDED_(?:LOCAL_)?MEMORY/i,
    obstacle: undefined,
    advice: "ask for a shorter window, or for fewer accounts, regions or VPCs, if it happens again",
  },
  {
    reason: /time ?out|timed out|EXCEEDED_TIME_LIMIT/i,
    obstacle: "settings",
    advice: "ask for a shorter window, or for fewer accounts, regions or VPCs",
  },
  {
    reason: /too many requests|throttl|slow ?down|rate exceeded|quota|limit exceeded/i,
    obstacle: undefined,
    advice: "it is tried again; Athena's quotas can be raised",
  },
];

/** A file of the table isn't what the table says, or a text isn't a number. */
const CORRUPT = /HIVE_BAD_DATA|HIVE_CURSOR_ERROR|INVALID_CAST_ARGUMENT|HIVE_INVALID_(?:DATA|METADATA)/;

/** The error for a query that didn't succeed: whether it may the next time, and what to do. */
export function queryError(query: FailedQuery): DependencyError | CorruptInputError {
  const { id, state, reason, category, retryable, scannedBytes } = query;
  const how = state === "CANCELLED" ? "was cancelled" : "failed";
  const what = `the Athena query ${id} ${how} after scanning ${scannedBytes} bytes: ${reason}`;
  const known = KNOWN.find(({ reason: pattern }) => pattern.test(reason));
  const told = known === undefined ? what : `${what}. What to do: ${known.advice}`;
  if (known?.obstacle !== undefined) {
    return new DependencyError("digester", told, { obstacle: known.obstacle });
  }
  if (known !== undefined || retryable === true || category === 1)
    return new DependencyError("digester", told);
  if (state === "CANCELLED") {
    return new DependencyError("digester", `${what}. Somebody stopped it: ask for the graph again`, {
      transient: false,
    });
  }
  if (CORRUPT.test(reason)) {
    return new CorruptInputError(`${what}. Mend the file, or the column's type in the table`);
  }
  return new DependencyError("digester", `${what}. Athena's console shows the query`, { transient: false });
}
