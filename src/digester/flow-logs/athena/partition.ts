import { kindOf, type TableColumn } from "./column-values.js";
import type { Projection } from "./projection.js";
import { literal } from "./sql-text.js";

/** What a partition's values are, told by its name. */
export type Role = "account" | "region" | "service" | "date" | "year" | "month" | "day" | "hour";

export interface Partition {
  readonly column: TableColumn;
  readonly projection: Projection | undefined;
}

/** A partition's value in SQL. */
export function valueLiteral({ type }: TableColumn, value: string): string {
  if (type === "date") return `DATE ${literal(value)}`;
  return kindOf(type) === "whole" ? String(Number(value)) : literal(value);
}
