import { countText } from "../view/amount-text.js";

export { bytesText, countText } from "../view/amount-text.js";

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function listText(items: readonly string[], most = 3): string {
  const shown = items.length <= most + 1 ? items : items.slice(0, most);
  const rest = items.length - shown.length;
  const all = rest === 0 ? shown : [...shown, `${rest.toLocaleString("en-US")} more`];
  if (all.length < 2) return all.join("");
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1) ?? ""}`;
}

/** `2 minutes`, `90 seconds`, `4 hours`. */
export function durationText(seconds: number): string {
  if (seconds < 120) return countText(Math.round(seconds), "second");
  if (seconds < 7200) return countText(Math.round(seconds / 60), "minute");
  return countText(Math.round(seconds / 3600), "hour");
}
