import type { DateFormat } from "./date-format.js";
import { type Partition, type Role, valueLiteral } from "./partition.js";
import { anyOf, identifier, isIn } from "./sql-text.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The time in a file's name, by which it lies in its partition, is minutes from the ends of its records. */
const SLACK_MS = HOUR_MS;

type Partitions = ReadonlyMap<Role, Partition>;

/**
 * Conditions that a window's records are in partitions of its days and, where there are such, hours; none where no partition
 * tells a time.
 *
 * @param dates how whole dates may be written */
export function timeConditions(
  partitions: Partitions,
  dates: readonly DateFormat[],
  window: { readonly startDate: Date; readonly stopDate: Date },
): string[] {
  const from = window.startDate.getTime() - SLACK_MS;
  const to = window.stopDate.getTime() + SLACK_MS;
  const days: Date[] = [];
  for (let day = new Date(from).setUTCHours(0, 0, 0, 0); day < to; day += DAY_MS) days.push(new Date(day));
  const hour = partitions.get("hour");
  if (dates.some(({ hasHours }) => hasHours)) {
    const hours = days
      .flatMap(hoursOf)
      .filter((time) => time.getTime() + HOUR_MS > from && time.getTime() < to);
    return dayConditions(partitions, dates, hours);
  }
  if (hour === undefined) return dayConditions(partitions, dates, days);
  const whole = days.filter((day) => day.getTime() >= from && day.getTime() + DAY_MS <= to);
  const parts = days.filter((day) => !whole.includes(day));
  const alternatives = [
    ...(whole.length > 0 ? [dayConditions(partitions, dates, whole)] : []),
    ...parts.map((day) => {
      const hours = hoursOf(day).filter((time) => time.getTime() + HOUR_MS > from && time.getTime() < to);
      const values = hours.flatMap((time) => spellings(time.getUTCHours(), hour));
      return dayConditions(partitions, dates, [day]).concat(isIn(identifier(hour.column.name), values));
    }),
  ];
  return [anyOf(alternatives.map((all) => (all.length === 1 ? (all[0] ?? "") : `(${all.join(" AND ")})`)))];
}

/** Conditions for days, or for the hours of days where dates are written with these. */
function dayConditions(
  partitions: Partitions,
  dates: readonly DateFormat[],
  times: readonly Date[],
): string[] {
  const date = partitions.get("date");
  if (date !== undefined) {
    const { column } = date;
    const written =
      column.type === "date"
        ? times.map((time) => time.toISOString().slice(0, 10))
        : dates.flatMap((date) => times.map((time) => date.format(time)));
    return [
      isIn(
        identifier(column.name),
        written.map((value) => valueLiteral(column, value)),
      ),
    ];
  }
  const parts = (["year", "month", "day"] as const).flatMap((role) => {
    const partition = partitions.get(role);
    return partition === undefined ? [] : [{ role, partition }];
  });
  const last = parts.at(-1);
  if (last === undefined) return [];
  const front = parts.slice(0, -1);
  const byFront = new Map<string, Set<string>>();
  for (const time of times) {
    const key = front
      .map(({ role, partition }) =>
        isIn(identifier(partition.column.name), spellings(unitOf(role, time), partition)),
      )
      .join(" AND ");
    const values = byFront.get(key) ?? new Set();
    byFront.set(key, values);
    for (const value of spellings(unitOf(last.role, time), last.partition)) values.add(value);
  }
  const name = identifier(last.partition.column.name);
  return [
    anyOf(
      [...byFront].map(([key, values]) =>
        key === "" ? isIn(name, [...values]) : `(${key} AND ${isIn(name, [...values])})`,
      ),
    ),
  ];
}

/** Months and hours are written with a zero in front, or without. */
function spellings(value: number, { column }: Partition): string[] {
  const texts = [String(value).padStart(2, "0"), String(value)];
  return [...new Set(texts.map((text) => valueLiteral(column, text)))];
}

function unitOf(role: "year" | "month" | "day", time: Date): number {
  if (role === "year") return time.getUTCFullYear();
  return role === "month" ? time.getUTCMonth() + 1 : time.getUTCDate();
}

function hoursOf(day: Date): Date[] {
  return Array.from({ length: 24 }, (_, hour) => new Date(day.getTime() + hour * HOUR_MS));
}
