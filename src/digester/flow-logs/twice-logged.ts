import type { ByteTable } from "../../flow-log/byte-table.js";
import { viewOf } from "../../flow-log/data-view.js";
import type { LogObject } from "./source.js";

/** How many pairs of flow logs a digest warns of. */
const SHOWN = 5;

/**
 * Notices interfaces whose traffic is in two flow logs, so that it counts twice. Names don't tell it, records do: where a
 * listing has several flow logs of one account and region, it is noted which interfaces each of them has.
 */
export class TwiceLogged {
  readonly #interfaces: ByteTable;
  /** Of the flow logs beside which there is another. */
  readonly #seen = new Map<string, Set<number>>();

  /** @param interfaces where the names of interfaces are interned */
  constructor(interfaces: ByteTable, objects: readonly LogObject[]) {
    this.#interfaces = interfaces;
    const places = new Map<string, Set<string>>();
    for (const { account, region, flowLog } of objects) {
      if (flowLog === undefined) continue;
      const place = `${account} ${region}`;
      places.set(place, (places.get(place) ?? new Set()).add(flowLog));
    }
    for (const flowLogs of places.values()) {
      if (flowLogs.size > 1) for (const flowLog of flowLogs) this.#seen.set(flowLog, new Set());
    }
  }

  /** To be called before the records of an object are read. */
  begin({ flowLog = "" }: LogObject): void {
    this.#interfaces.noted = this.#seen.get(flowLog);
  }

  /** A sentence for each pair of flow logs that have an interface in common, up to a few. */
  warnings(): string[] {
    const first = new Map<number, string>();
    const warnings = new Map<string, string>();
    for (const [flowLog, interfaces] of this.#seen) {
      for (const number of interfaces) {
        const other = first.get(number);
        if (other === undefined) first.set(number, flowLog);
        else if (warnings.size < SHOWN && !warnings.has(`${other} and ${flowLog}`)) {
          const name = this.#nameOf(number);
          if (name !== "-") warnings.set(`${other} and ${flowLog}`, name);
        }
      }
    }
    return [...warnings].map(
      ([pair, name]) =>
        `the flow logs ${pair} both log the interface ${name}, so its traffic counts twice, unless one logs accepted and the other rejected traffic alone. FLOW_LOG_IDS says which flow logs to read`,
    );
  }

  #nameOf(number: number): string {
    const bytes = Buffer.alloc(512);
    return bytes.toString("latin1", 0, this.#interfaces.copy(number, viewOf(bytes), 0));
  }
}
