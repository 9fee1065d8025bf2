import type { Scope } from "../../scope.js";
import { ScopeError, valuesOf } from "../../scope-parts.js";
import type { PlainWindow } from "../../window.js";
import type { Selection } from "./selection.js";

/** What of the flow logs is read at all. */
type Readable = Omit<Selection, "window" | "vpcs">;

/** @throws ScopeError when the scope names what isn't read */
export function checkWithin(scope: Scope, { accounts, regions }: Readable): void {
  const { account, region } = valuesOf(scope);
  const limits = [
    ["account", account, accounts, "FLOW_LOG_ACCOUNTS"],
    ["region", region, regions, "FLOW_LOG_REGIONS"],
  ] as const;
  for (const [part, wanted = [], readable, setting] of limits) {
    const beyond = [...wanted].find((value) => readable?.has(value) === false);
    if (beyond === undefined) continue;
    throw new ScopeError(`${part} must be among those in ${setting}, not ${JSON.stringify(beyond)}`);
  }
}

/**
 * What of the flow logs a window is of.
 *
 * Of which account a record is, the folder of its file tells: it is that of the flow log, whose owner has all of its traffic
 * recorded there. The record's own account-id is another thing, the owner of the interface: \`unknown\` for the interfaces of
 * load balancers and endpoints, and that of a participant in a shared VPC. So a graph of an account costs the listing of its
 * folder, misses none of its traffic, and the graphs of all accounts add up to the whole. Only where no folder and no name
 * tells, as in exports, the record does.
 */
export function selectionOf(window: PlainWindow, readable: Readable): Selection {
  const { accounts, regions, flowLogs, include, exclude } = readable;
  const { account = accounts, region = regions, vpc } = valuesOf(window.scope);
  return { window, accounts: account, regions: region, vpcs: vpc, flowLogs, include, exclude };
}

/** When the flow logs of a window have arrived that take so many milliseconds; none unless told otherwise. */
export function readyAt({ stopDate }: PlainWindow, settleMs = 0): Date {
  return new Date(stopDate.getTime() + settleMs);
}
