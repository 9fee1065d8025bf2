import type { Partition, Role } from "./partition.js";
import { unfit } from "./table.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Window {
  readonly startDate: Date;
  readonly stopDate: Date;
}

/** What numbers partitions have. */
const UNITS = [
  ["year", (time: Date) => time.getUTCFullYear()],
  ["month", (time: Date) => time.getUTCMonth() + 1],
  ["day", (time: Date) => time.getUTCDate()],
  ["hour", (time: Date) => time.getUTCHours()],
] as const;

/** @throws DependencyError when a projection doesn't cover the window: what it leaves out isn't read, without a word */
export function checkCoverage(where: string, partitions: ReadonlyMap<Role, Partition>, window: Window): void {
  const { startDate, stopDate } = window;
  for (const { column, projection } of partitions.values()) {
    if (projection?.type !== "date") continue;
    const { format, from, to } = projection;
    const unit = format.hasHours ? HOUR_MS : DAY_MS;
    // The days or hours that the ends of the range name are covered whole.
    const covered = [Math.floor(from / unit) * unit, Math.floor(to / unit) * unit + unit] as const;
    if (startDate.getTime() < covered[0] || stopDate.getTime() > covered[1]) {
      throw beyond(where, column.name, "range", window);
    }
  }
  for (const [role, unitOf] of UNITS) {
    const { column, projection } = partitions.get(role) ?? {};
    if (column === undefined || projection === undefined) continue;
    const values = new Set(hoursOf(window).map(unitOf));
    if (projection.type === "integer") {
      const { least, greatest } = projection;
      if ([...values].some((value) => value < least || value > greatest)) {
        throw beyond(where, column.name, "range", window);
      }
    } else if (projection.type === "enum") {
      const known = new Set(projection.values.map(Number));
      if ([...values].some((value) => !known.has(value))) throw beyond(where, column.name, "values", window);
    }
  }
}

function hoursOf({ startDate, stopDate }: Window): Date[] {
  const hours: Date[] = [];
  for (let at = new Date(startDate).setUTCMinutes(0, 0, 0); at < stopDate.getTime(); at += HOUR_MS) {
    hours.push(new Date(at));
  }
  return hours;
}

function beyond(where: string, column: string, property: string, { startDate, stopDate }: Window) {
  const window = `${startDate.toISOString()} to ${stopDate.toISOString()}`;
  return unfit(
    `${where}: the property projection.${column}.${property} doesn't cover the window ${window}, so nothing of it would be found. Extend it (ALTER TABLE … SET TBLPROPERTIES)`,
  );
}
