/** When in the window something was carried: a mark for each sixtieth. */
export function Sparkline({ active, isRejected }: { active: string | undefined; isRejected: boolean }) {
  if (active === undefined) return null;
  const bars = active.split("").toReversed();
  const count = bars.filter((bit) => bit === "1").length;
  return (
    <svg
      class={isRejected ? "sparkline rejected" : "sparkline"}
      viewBox={`0 0 ${bars.length} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`active in ${count} of ${bars.length} parts of the window`}
    >
      <path d={bars.map((bit, at) => (bit === "1" ? `M${at} 1h1v8h-1z` : "")).join("")} />
    </svg>
  );
}
