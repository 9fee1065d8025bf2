const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** `35 MB`: decimal units, two digits where there is one before the point. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

/** `1 host`, `2 hosts`, `1,200 hosts`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

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
