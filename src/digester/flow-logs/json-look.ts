import { JsonError, JsonEvents } from "../../flow-log/json-events.js";
import { canBeFlowLog, canBeFlowLogText } from "../../flow-log/recognise.js";

/**
 * Whether there is a record among what comes before the place where the JSON is cut.
 *
 * @param isAll whether nothing comes after it, so that a cut is a fault
 */
export function canBeJson(head: Buffer, isAll: boolean, formats: readonly (readonly string[])[]): boolean {
  let found = false;
  const sink = {
    message: (text: string) => {
      found ||= canBeFlowLogText(text, formats);
    },
    record: () => {
      found = true;
    },
    control: () => {
      found = true;
    },
    misplaced: () => {
      found = true;
    },
  };
  const events = new JsonEvents(sink, (text) => canBeFlowLog(text, formats));
  try {
    events.push(head);
    if (isAll) events.end();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    // What came just before a fault wasn't given out. JSON that is only cut has no fault yet.
    return found || canBeFlowLogText(head.toString().replaceAll(/[[\]{}]/g, " "), formats);
  }
  return found;
}
